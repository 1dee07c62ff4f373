package auto_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/goleak"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/auto"
	"github.com/ginauth/ginauth/internal/testdatabase"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	goleak.VerifyTestMain(m)
}

const secret = "a-secret-that-is-long-enough-for-tests"

// variables are all that New reads.
var variables = []string{
	"GINAUTH_SECRET", "GINAUTH_HIDE_DOCS", "GINAUTH_AUTOMATIC_EXPIRATION", "GINAUTH_DB_LOCATION",
	"GINAUTH_USAGE_FOLD_AFTER", "GINAUTH_USAGE_DELETE_AFTER",
	"DATABASE_MODE", "URI", "DEV_MODE", "GINAUTH_DATABASE_MODE", "GINAUTH_URI", "GINAUTH_DEV_MODE",
}

// clean gives a test an empty directory and none of the variables.
func clean(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range variables {
		t.Setenv(name, "") // so that it is restored
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
}

func setenv(t *testing.T, pairs ...string) {
	t.Helper()
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
}

// start calls New with a log of its own.
func start(t *testing.T, adjust ...func(*ginauth.Config)) (auth *ginauth.Auth, log *bytes.Buffer, err error) {
	t.Helper()
	log = &bytes.Buffer{}
	withLog := func(c *ginauth.Config) { c.Logger = slog.New(slog.NewTextHandler(log, nil)) }
	auth, err = auto.New(t.Context(), append([]func(*ginauth.Config){withLog}, adjust...)...)
	if err == nil {
		t.Cleanup(func() { _ = auth.Close() })
	}
	return auth, log, err
}

// post calls an admin call and returns the status and the body.
func post(auth *ginauth.Auth, path, secret, body string) (int, string) {
	r := gin.New()
	auth.RegisterAdmin(r.Group("/"))
	request := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
	request.Header.Set("secret-key", secret)
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	r.ServeHTTP(answer, request)
	return answer.Code, answer.Body.String()
}

func TestEmptyEnvironment(t *testing.T) {
	clean(t)
	auth, log, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("sqlite.db"); err != nil {
		t.Errorf("no database in the working directory: %v", err)
	}
	_, generated, _ := strings.Cut(strings.TrimSpace(log.String()), "secret=")
	if len(generated) != 43 || strings.Count(log.String(), generated) != 1 {
		t.Fatalf("the log does not show one generated secret: %s", log)
	}
	code, body := post(auth, "/new", generated, `{"name":"s"}`)
	if code != http.StatusCreated || !strings.Contains(body, `"expiration_date":"`+inDays(15)) {
		t.Errorf("with the generated secret, /new answers %d: %s", code, body)
	}
	if auth.HidesDocs() {
		t.Error("the docs are hidden")
	}
}

func inDays(n int) string { return time.Now().UTC().AddDate(0, 0, n).Format(time.DateOnly) }

func TestVariables(t *testing.T) {
	clean(t)
	location := filepath.Join(t.TempDir(), "keys.db")
	setenv(t, "GINAUTH_SECRET="+secret+",previous-"+secret, "GINAUTH_HIDE_DOCS=true",
		"GINAUTH_AUTOMATIC_EXPIRATION=3", "GINAUTH_DB_LOCATION="+location, "DATABASE_MODE=sqlite")
	auth, log, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	if !auth.HidesDocs() {
		t.Error("the docs are not hidden")
	}
	if _, err := os.Stat(location); err != nil {
		t.Errorf("the database is not where it should be: %v", err)
	}
	for _, s := range []string{secret, "previous-" + secret} {
		if code, body := post(auth, "/new", s, `{"name":"s"}`); code != http.StatusCreated || !strings.Contains(body, inDays(3)) {
			t.Errorf("/new answers %d: %s", code, body)
		}
	}
	if strings.Contains(log.String(), secret) {
		t.Error("the log holds the secret")
	}
}

func TestDotEnv(t *testing.T) {
	clean(t)
	t.Setenv("GINAUTH_TEST_OTHER", "")
	_ = os.Unsetenv("GINAUTH_TEST_OTHER")
	write(t, ".env", "# a comment\nGINAUTH_SECRET="+secret+"\nexport GINAUTH_HIDE_DOCS=true\nGINAUTH_TEST_OTHER=1\n")
	setenv(t, "GINAUTH_HIDE_DOCS=false")
	auth, _, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	if code, _ := post(auth, "/new", secret, `{"name":"s"}`); code != http.StatusCreated {
		t.Errorf("with the secret of .env, /new answers %d", code)
	}
	if auth.HidesDocs() {
		t.Error(".env wins over the environment")
	}
	if os.Getenv("GINAUTH_TEST_OTHER") != "1" {
		t.Error("the application's own variable is not there")
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A secret in .env is what is written there, or the start stops.
func TestSecretThatDotEnvWouldShorten(t *testing.T) {
	for _, line := range []string{
		`GINAUTH_SECRET=hunter2$ECRET-that-is-long-enough-to-be-good`,
		`export GINAUTH_SECRET="hunter2$ECRET-that-is-long-enough-to-be-good"`,
		`GINAUTH_SECRET=hunter2 #ecret-that-is-long-enough-to-be-good`,
		`URI=postgresql://user:hunter2$X@localhost/`,
		`GINAUTH_SECRET: hunter2$ECRET-that-is-long-enough-to-be-good`,
		"export\tGINAUTH_SECRET=hunter2$ECRET-that-is-long-enough-to-be-good",
	} {
		clean(t)
		write(t, ".env", line+"\n")
		expectRefusal(t, ".env", "hunter2")
	}
	clean(t)
	write(t, ".env", `GINAUTH_SECRET='Sup3r$ECRET #that-is-long-enough-to-be-good'`)
	auth, _, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	if code, _ := post(auth, "/new", "Sup3r$ECRET #that-is-long-enough-to-be-good", `{"name":"s"}`); code != http.StatusCreated {
		t.Errorf("the secret as it is written is answered %d", code)
	}
}

func TestUnreadableDotEnv(t *testing.T) {
	clean(t)
	write(t, ".env", "GINAUTH_SECRET="+secret+"\nthis is ! no line\n")
	expectRefusal(t, ".env", secret)
	write(t, ".env", "GINAUTH_SECRET "+secret)
	expectRefusal(t, ".env", secret)
	if err := os.Remove(".env"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(".env", 0o700); err != nil {
		t.Fatal(err)
	}
	expectRefusal(t, ".env", secret)
}

// expectRefusal checks that New fails with a sentence that names one thing and
// does not hold another, and leaves no database behind.
func expectRefusal(t *testing.T, names, hides string) {
	t.Helper()
	_, log, err := start(t)
	if err == nil {
		t.Fatal("New accepts it")
	}
	if !strings.Contains(err.Error(), names+":") && !strings.Contains(err.Error(), names+" ") {
		t.Errorf("the error does not name %s: %v", names, err)
	}
	if strings.Contains(err.Error()+log.String(), hides) {
		t.Errorf("the error or the log holds what it should hide: %v", err)
	}
	if _, err := os.Stat("sqlite.db"); err == nil {
		t.Error("a database was made all the same")
	}
}

// What cannot be understood stops the start, and so does what is set but
// empty.
func TestNonsense(t *testing.T) {
	for _, test := range []struct{ names, value string }{
		{"GINAUTH_SECRET", ""},
		{"GINAUTH_SECRET", ","},
		{"GINAUTH_SECRET", "hunter2hunter2,"},
		{"GINAUTH_SECRET", "hunter2,hunter3,hunter4"},
		{"GINAUTH_SECRET", "hunter2\x07"},
		{"GINAUTH_HIDE_DOCS", ""},
		{"GINAUTH_HIDE_DOCS", "maybe"},
		{"GINAUTH_AUTOMATIC_EXPIRATION", ""},
		{"GINAUTH_AUTOMATIC_EXPIRATION", "0"},
		{"GINAUTH_AUTOMATIC_EXPIRATION", "-3"},
		{"GINAUTH_AUTOMATIC_EXPIRATION", "1.5"},
		{"GINAUTH_AUTOMATIC_EXPIRATION", "36501"},
		{"GINAUTH_AUTOMATIC_EXPIRATION", "99999999999999999999"},
		{"GINAUTH_USAGE_FOLD_AFTER", ""},
		{"GINAUTH_USAGE_FOLD_AFTER", "0"},
		{"GINAUTH_USAGE_DELETE_AFTER", "a year"},
		{"GINAUTH_USAGE_DELETE_AFTER", "90"},
		{"GINAUTH_USAGE_DELETE_AFTER", "36501"},
		{"GINAUTH_DB_LOCATION", ""},
		{"GINAUTH_DB_LOCATION", "missing/keys.db"},
		{"GINAUTH_DB_LOCATION", "."},
		{"GINAUTH_DB_LOCATION", "/proc/keys.db"},
		{"DATABASE_MODE", ""},
		{"DATABASE_MODE", "oracle"},
		{"DATABASE_MODE", "SQLite"},
		{"GINAUTH_DATABASE_MODE", "oracle"},
		{"URI", ""},
		{"URI", "hunter2"},
		{"URI", "://hunter2"},
		{"GINAUTH_URI", ""},
		{"DEV_MODE", ""},
		{"DEV_MODE", "perhaps"},
		{"GINAUTH_DEV_MODE", "perhaps"},
	} {
		t.Run(test.names+"="+test.value, func(t *testing.T) {
			clean(t)
			setenv(t, test.names+"="+test.value)
			expectRefusal(t, test.names, "hunter2")
		})
	}
}

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
				auth, _, err := start(t)
				if err != nil {
					t.Fatal(err)
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

func TestPrefixedNameWins(t *testing.T) {
	clean(t)
	setenv(t, "DEV_MODE=false", "GINAUTH_DEV_MODE=true", "DATABASE_MODE=sqlite", "GINAUTH_DATABASE_MODE=mysql", "GINAUTH_SECRET="+secret)
	_, log, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "mysql") {
		t.Errorf("the warning does not speak of mysql: %s", log)
	}
}

// What belongs to ginauth alone is not read from a name that others use.
func TestUnprefixedNamesThatAreNotRead(t *testing.T) {
	clean(t)
	setenv(t, "SECRET="+secret, "DB_LOCATION=elsewhere.db")
	auth, _, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	if code, _ := post(auth, "/new", secret, `{"name":"s"}`); code != http.StatusUnauthorized {
		t.Errorf("SECRET opens the admin calls: %d", code)
	}
}

// The two ages reach the configuration, each as itself.
func TestUsageAges(t *testing.T) {
	for _, c := range []struct {
		set          []string
		fold, delete int
	}{{nil, 90, 400}, {[]string{"GINAUTH_USAGE_FOLD_AFTER=7", "GINAUTH_USAGE_DELETE_AFTER=8"}, 7, 8}} {
		clean(t)
		setenv(t, c.set...)
		const day = 24 * time.Hour
		_, _, err := start(t, func(config *ginauth.Config) {
			if config.UsageFoldAfter != time.Duration(c.fold)*day || config.UsageDeleteAfter != time.Duration(c.delete)*day {
				t.Errorf("with %v usage is folded after %v and deleted after %v", c.set, config.UsageFoldAfter, config.UsageDeleteAfter)
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
	clean(t)
	setenv(t, "GINAUTH_USAGE_FOLD_AFTER=400")
	if _, _, err := start(t); err == nil || !strings.Contains(err.Error(), "GINAUTH_USAGE_FOLD_AFTER") {
		t.Errorf("hours that would be folded when their days are gone: %v", err)
	}
}

func TestAdjust(t *testing.T) {
	clean(t)
	_, log, err := start(t, func(c *ginauth.Config) { c.Secrets = []string{secret} })
	if err != nil {
		t.Fatal(err)
	}
	if log.Len() != 0 {
		t.Errorf("a secret is generated though one is given: %s", log)
	}
	clean(t)
	if _, _, err := start(t, func(c *ginauth.Config) { c.KeyPrefix = "No" }); err == nil {
		t.Error("a bad prefix is accepted")
	}
}
