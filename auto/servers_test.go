package auto_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
)

// A server that cannot be reached is never replaced by another database, and a
// URI of something else is none.
func TestServersThatCannotBeUsed(t *testing.T) {
	for mode, uris := range map[string][]string{
		"postgres": {"postgresql://user:hunter2@127.0.0.1:1/keys", "mysql://user:hunter2@127.0.0.1:1/keys", "postgresql://user:hunter2@127.0.0.1:99999/keys"},
		"mysql":    {"mysql://user:hunter2@127.0.0.1:1/keys", "postgresql://user:hunter2@127.0.0.1:1/keys", "mysql://user:hunter2@127.0.0.1:1/keys?tls=perhaps"},
		"mongodb":  {"mysql://user:hunter2@127.0.0.1:1/keys", "mongodb://user:hunter2@127.0.0.1:1/keys?w=1"},
	} {
		for _, uri := range uris {
			clean(t)
			setenv(t, "DATABASE_MODE="+mode, "URI="+uri)
			expectRefusal(t, "URI", "hunter2")
			clean(t)
			setenv(t, "GINAUTH_DATABASE_MODE="+mode, "GINAUTH_URI="+uri)
			expectRefusal(t, "GINAUTH_URI", "hunter2")
		}
	}
}

// The database at URI is used: what one process issued, another lists.
func TestServers(t *testing.T) {
	for _, mode := range []string{"postgres", "mysql", "mongodb"} {
		t.Run(mode, func(t *testing.T) {
			clean(t)
			setenv(t, "DATABASE_MODE="+mode, "URI="+testdatabase.New(t, mode).String(), "GINAUTH_SECRET="+secret)
			for range 2 {
				auth, log, err := start(t)
				if err != nil {
					t.Fatal(err)
				}
				if !regexp.MustCompile(`database=` + mode + ` database_version="?[0-9]+\.`).MatchString(log.String()) {
					t.Errorf("the log does not say which server that is: %s", log)
				}
				if code, body := post(auth, "/new", secret, `{"name":"s"}`); code != http.StatusCreated {
					t.Errorf("/new answers %d: %s", code, body)
				}
			}
			if _, err := os.Stat("sqlite.db"); err == nil {
				t.Error("there is a sqlite file too")
			}
		})
	}
}

func TestDevModeTakesTheFile(t *testing.T) {
	clean(t)
	setenv(t, "DATABASE_MODE=postgres", "DEV_MODE=true", "GINAUTH_SECRET="+secret)
	_, log, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "DEV_MODE") {
		t.Errorf("no warning: %s", log)
	}
	if _, err := os.Stat("sqlite.db"); err != nil {
		t.Error(err)
	}
}
