package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// expectRefusal checks that a program stops with an error, in a sentence that
// names what is wrong and is no crash, and that it made no database.
func expectRefusal(t *testing.T, p *process, names string, hides ...string) {
	t.Helper()
	code, output := p.exitCode(), p.output.String()
	if code != 1 {
		t.Errorf("the program exits with %d:\n%s", code, output)
	}
	// GINAUTH_URI does not name URI.
	if !regexp.MustCompile(`(^|[^A-Z_])` + regexp.QuoteMeta(names) + `\b`).MatchString(output) {
		t.Errorf("%q is not named:\n%s", names, output)
	}
	if strings.Contains(output, "goroutine ") || strings.Count(output, "level=ERROR")+strings.Count(output, " ERROR ") != 1 {
		t.Errorf("that is not one sentence:\n%s", output)
	}
	for _, hidden := range hides {
		if strings.Contains(output, hidden) {
			t.Errorf("%q is printed:\n%s", hidden, output)
		}
	}
}

func expectNoDatabase(t *testing.T, dir string) {
	t.Helper()
	if files, _ := filepath.Glob(filepath.Join(dir, "*.db*")); len(files) > 0 {
		t.Errorf("there are %v all the same", files)
	}
}

// An empty value and one that cannot be understood stop the start, under each
// name of each variable. hunter2 stands for what must not be printed.
func TestNonsenseStopsTheStart(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{
		"GINAUTH_SECRET":               {"", " ", ",", "hunter2,", ",hunter2", "hunter2,hunter2a,hunter2b", "hunter2\x07a", "hunter2-ä"},
		"GINAUTH_HIDE_DOCS":            {"", "maybe", "yes"},
		"GINAUTH_USAGE_ROLLUP_AFTER":   {"", "0", "400", "a month"},
		"GINAUTH_USAGE_DELETE_AFTER":   {"", "90", "36501"},
		"GINAUTH_MAX_KEYS_PER_USER":    {"", "0", "-1", "1.5", "many"},
		"GINAUTH_MAX_LIFETIME":         {"", "0", "-1", "1.5", "soon", "36501"},
		"GINAUTH_AUTOMATIC_EXPIRATION": {"", "0", "-1", "1.5", "soon", "36501", "9223372036854775807"},
		"GINAUTH_DB_LOCATION":          {""},
		"GINAUTH_DB_ALLOW_SHARED":      {"", "perhaps"},
		"DATABASE_MODE":                {"", "oracle", "SQLITE", "sqlite "},
		"URI":                          {"", "hunter2", "://hunter2", "hunter2 ://x"},
		"DEV_MODE":                     {"", "perhaps"},
		"GINAUTH_TRUSTED_PROXIES":      {"", "hunter2", "10.0.0.0/8,", "0.0.0.0/0"},
		"GINAUTH_KEY_PREFIX":           {"", "hunter2_", "hunter-2"},
		"GINAUTH_RETIRED_KEY_PREFIXES": {"", "hunter2_", "old,"},

		"GINAUTH_MAILER":                  {"", "LOG", "hunter2", "smtp://:hunter2@localhost"},
		"GINAUTH_MAIL_FROM":               {"", "hunter2"},
		"GINAUTH_PUBLIC_URL":              {"", "hunter2", "https://ada:hunter2@example.org"},
		"GINAUTH_REQUIRE_CONFIRMED_EMAIL": {"", "perhaps"},
		"GINAUTH_HASH_MEMORY":             {"", "39", "much"},
		"GINAUTH_CHECK_MX":                {"", "perhaps"},
	} {
		for _, full := range fullNames(name) {
			for _, value := range values {
				t.Run(full+"="+value, func(t *testing.T) {
					dir := t.TempDir()
					p := launch(t, examplePath, dir, "PORT="+freePort(t), full+"="+value)
					expectRefusal(t, p, full, "hunter2")
					expectNoDatabase(t, dir)
				})
			}
		}
	}
}

// fullNames returns a variable's name with and without the prefix.
func fullNames(name string) []string {
	if strings.HasPrefix(name, "GINAUTH_") {
		return []string{name}
	}
	return []string{name, "GINAUTH_" + name}
}

func TestDatabaseThatCannotBeMade(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "file", "no folder")
	for _, location := range []string{"missing/keys.db", "file/keys.db", "/proc/keys.db", "/proc/self/keys.db", ".", "file"} {
		p := launch(t, examplePath, dir, "PORT="+freePort(t), "GINAUTH_SECRET=hunter2", "GINAUTH_DB_LOCATION="+location)
		expectRefusal(t, p, "GINAUTH_DB_LOCATION", "hunter2")
	}
}

func TestPrefixedNameWins(t *testing.T) {
	t.Parallel()
	startExample(t, "DATABASE_MODE=oracle", "GINAUTH_DATABASE_MODE=sqlite", "DEV_MODE=perhaps", "GINAUTH_DEV_MODE=0",
		"GINAUTH_SECRET="+secret, "GINAUTH_MAX_LIFETIME=9")
	p := launch(t, examplePath, t.TempDir(), "DATABASE_MODE=sqlite", "GINAUTH_DATABASE_MODE=oracle")
	expectRefusal(t, p, "GINAUTH_DATABASE_MODE")
}

func TestVariablesAreObeyed(t *testing.T) {
	t.Parallel()
	p := startExample(t, "GINAUTH_SECRET="+secret+",previous", "GINAUTH_HIDE_DOCS=true", "GINAUTH_AUTOMATIC_EXPIRATION=3", "GINAUTH_DB_LOCATION=other.db")
	for _, accepted := range []string{secret, "previous"} {
		a := p.admin(accepted, "new", `{"name":"service"}`)
		expectStatus(t, a, http.StatusCreated)
		if days := daysBetween(t, a.member("creation_date"), a.member("expiration_date")); days != 3 {
			t.Errorf("the key is valid for %v days", days)
		}
	}
	expectCode(t, p.admin(secret+",previous", "new", `{"name":"service"}`), http.StatusUnauthorized, "secret_wrong")
	if strings.Contains(p.get("/docs/doc.json").body, "/auth/new") {
		t.Error("the docs show the admin calls")
	}
	if _, err := os.Stat(filepath.Join(p.dir, "other.db")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "sqlite.db")); err == nil {
		t.Error("there is a sqlite.db too")
	}
}

// DEV_MODE overrides a server by the file, and says so at each start.
func TestDevModeWarnsAndTakesTheFile(t *testing.T) {
	t.Parallel()
	p := startExample(t, "GINAUTH_SECRET="+secret, "DEV_MODE=true", "DATABASE_MODE=postgres", "URI=postgres://ada:hunter2@localhost/db")
	key, _ := p.issue("service")
	expectStatus(t, p.get("/secure", "api-key: "+key), http.StatusOK)
	if !regexp.MustCompile(`WARN.* DEV_MODE is true: the sqlite file .*postgres`).MatchString(p.output.String()) || strings.Contains(p.output.String(), "hunter2") {
		t.Errorf("the warning is not right:\n%s", p.output)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "sqlite.db")); err != nil {
		t.Error(err)
	}
	if quiet := startExample(t, "GINAUTH_SECRET="+secret, "DEV_MODE=true"); strings.Contains(quiet.output.String(), "DATABASE_MODE") {
		t.Errorf("it warns though nothing is overridden:\n%s", quiet.output)
	}
}
