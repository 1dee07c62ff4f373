package auto_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/goleak"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/auto"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	goleak.VerifyTestMain(m)
}

const secret = "a-secret-that-is-long-enough-for-tests"

// variables are all that New reads.
var variables = []string{
	"GINAUTH_SECRET", "GINAUTH_HIDE_DOCS", "GINAUTH_AUTOMATIC_EXPIRATION", "GINAUTH_DB_LOCATION", "GINAUTH_DB_ALLOW_SHARED",
	"GINAUTH_MAX_KEYS_PER_USER", "GINAUTH_MAX_LIFETIME",
	"GINAUTH_USAGE_ROLLUP_AFTER", "GINAUTH_USAGE_DELETE_AFTER",
	"GINAUTH_MAILER", "GINAUTH_MAIL_FROM", "GINAUTH_PUBLIC_URL", "GINAUTH_REQUIRE_CONFIRMED_EMAIL", "GINAUTH_HASH_MEMORY", "GINAUTH_CHECK_MX",
	"GINAUTH_TRUSTED_PROXIES", "GINAUTH_KEY_PREFIX", "GINAUTH_RETIRED_KEY_PREFIXES",
	"GINAUTH_MAX_CONNECTIONS", "GINAUTH_SECRET_FILE", "GINAUTH_MAILER_FILE", "URI_FILE", "GINAUTH_URI_FILE",
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

// Each variable is documented, and has a line in the template.
func TestVariablesAreDocumented(t *testing.T) {
	for _, name := range []string{"../docs/configuration.md", "../.env.example"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, variable := range variables {
			short := strings.TrimPrefix(variable, "GINAUTH_")
			if !strings.Contains(string(text), variable) && !slices.Contains([]string{"DATABASE_MODE", "URI", "URI_FILE", "DEV_MODE"}, short) {
				t.Errorf("%s lacks %s", name, variable)
			}
		}
	}
}

// Keys begin as the environment says, and a variable's former name is warned about.
func TestKeyPrefixes(t *testing.T) {
	clean(t)
	setenv(t, "GINAUTH_SECRET="+secret, "GINAUTH_KEY_PREFIX=acme", "GINAUTH_RETIRED_KEY_PREFIXES=ga, old", "GINAUTH_USAGE_FOLD_AFTER=10")
	auth, log, err := start(t, func(c *ginauth.Config) {
		if !slices.Equal(c.RetiredKeyPrefixes, []string{"ga", "old"}) {
			t.Errorf("the retired prefixes are %q", c.RetiredKeyPrefixes)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if code, body := post(auth, "/new", secret, `{"name":"s"}`); code != http.StatusCreated || !strings.Contains(body, `"acme_`) {
		t.Errorf("/new answers %d: %s", code, body)
	}
	if !strings.Contains(log.String(), "GINAUTH_USAGE_FOLD_AFTER has no effect: its name is GINAUTH_USAGE_ROLLUP_AFTER now") {
		t.Errorf("the former name is not warned about: %s", log)
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
	return postTo(gin.New(), auth, path, secret, body)
}

// postAccount is post for an application with account calls.
func postAccount(auth *ginauth.Auth, path, secret, body string) (int, string) {
	r := gin.New()
	auth.RegisterAccount(r.Group("/account"))
	return postTo(r, auth, path, secret, body)
}

func postTo(r *gin.Engine, auth *ginauth.Auth, path, secret, body string) (int, string) {
	auth.RegisterAdmin(r.Group("/"))
	request := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
	request.Header.Set("secret-key", secret)
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	r.ServeHTTP(answer, request)
	return answer.Code, answer.Body.String()
}

// The start says in one line what an operator asks first.
func TestStartIsLogged(t *testing.T) {
	clean(t)
	setenv(t, "GINAUTH_SECRET="+secret, "GINAUTH_KEY_PREFIX=sk_live")
	auth, log, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	auth.RegisterAdmin(gin.New().Group("/admin"))
	line := `level=INFO msg="ginauth has started" version=\S+ database=sqlite database_version=3\.\d+\.\d+ schema=\d+ key_prefix=sk_live ` +
		`key_sources="the header api-key, .*Authorization: Bearer"`
	if n := len(regexp.MustCompile(line).FindAllString(log.String(), -1)); n != 1 || !strings.Contains(log.String(), "path=/admin") {
		t.Errorf("the start is logged %d times: %s", n, log)
	}
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

// expectSentence checks that New fails and what it says.
func expectSentence(t *testing.T, says, hides string, more ...string) {
	t.Helper()
	_, log, err := start(t)
	for _, text := range append(more, says) {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Fatalf("New does not say %q: %v", text, err)
		}
	}
	if strings.Contains(err.Error()+log.String(), hides) {
		t.Errorf("the error or the log holds what it should hide: %v", err)
	}
}

// A value that cannot be understood stops the start, and so does one that is set but
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
		{"GINAUTH_MAX_KEYS_PER_USER", ""},
		{"GINAUTH_MAX_KEYS_PER_USER", "0"},
		{"GINAUTH_MAX_KEYS_PER_USER", "-1"},
		{"GINAUTH_MAX_KEYS_PER_USER", "many"},
		{"GINAUTH_MAX_LIFETIME", ""},
		{"GINAUTH_MAX_LIFETIME", "0"},
		{"GINAUTH_MAX_LIFETIME", "1.5"},
		{"GINAUTH_MAX_LIFETIME", "36501"},
		{"GINAUTH_AUTOMATIC_EXPIRATION", "0"},
		{"GINAUTH_AUTOMATIC_EXPIRATION", "-3"},
		{"GINAUTH_AUTOMATIC_EXPIRATION", "1.5"},
		{"GINAUTH_AUTOMATIC_EXPIRATION", "36501"},
		{"GINAUTH_AUTOMATIC_EXPIRATION", "99999999999999999999"},
		{"GINAUTH_USAGE_ROLLUP_AFTER", ""},
		{"GINAUTH_USAGE_ROLLUP_AFTER", "0"},
		{"GINAUTH_USAGE_DELETE_AFTER", "a year"},
		{"GINAUTH_USAGE_DELETE_AFTER", "90"},
		{"GINAUTH_USAGE_DELETE_AFTER", "36501"},
		{"GINAUTH_MAX_CONNECTIONS", ""},
		{"GINAUTH_MAX_CONNECTIONS", "1"},
		{"GINAUTH_MAX_CONNECTIONS", "1001"},
		{"GINAUTH_MAX_CONNECTIONS", "many"},
		{"GINAUTH_DB_LOCATION", ""},
		{"GINAUTH_DB_LOCATION", "missing/keys.db"},
		{"GINAUTH_DB_LOCATION", "."},
		{"GINAUTH_DB_LOCATION", "/proc/keys.db"},
		{"GINAUTH_DB_ALLOW_SHARED", ""},
		{"GINAUTH_DB_ALLOW_SHARED", "perhaps"},
		{"DATABASE_MODE", ""},
		{"DATABASE_MODE", "oracle"},
		{"DATABASE_MODE", "SQLite"},
		{"GINAUTH_DATABASE_MODE", "oracle"},
		{"URI", ""},
		{"URI", "hunter2"},
		{"URI", "://hunter2"},
		{"GINAUTH_URI", ""},
		{"GINAUTH_TRUSTED_PROXIES", ""},
		{"GINAUTH_TRUSTED_PROXIES", "10.0.0.0/8,"},
		{"GINAUTH_TRUSTED_PROXIES", "hunter2"},
		{"GINAUTH_TRUSTED_PROXIES", "10.0.0.0/8, ::/0"},
		{"GINAUTH_KEY_PREFIX", ""},
		{"GINAUTH_KEY_PREFIX", "hunter2_"},
		{"GINAUTH_KEY_PREFIX", "a,b"},
		{"GINAUTH_RETIRED_KEY_PREFIXES", ""},
		{"GINAUTH_RETIRED_KEY_PREFIXES", "old,"},
		{"GINAUTH_RETIRED_KEY_PREFIXES", "old,hunter2_"},
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

// A variable of ginauth alone is not read from a name that others use.
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
	}{{nil, 90, 400}, {[]string{"GINAUTH_USAGE_ROLLUP_AFTER=7", "GINAUTH_USAGE_DELETE_AFTER=8"}, 7, 8}} {
		clean(t)
		setenv(t, c.set...)
		const day = 24 * time.Hour
		_, _, err := start(t, func(config *ginauth.Config) {
			if config.UsageRollUpAfter != time.Duration(c.fold)*day || config.UsageDeleteAfter != time.Duration(c.delete)*day {
				t.Errorf("with %v usage is folded after %v and deleted after %v", c.set, config.UsageRollUpAfter, config.UsageDeleteAfter)
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
	clean(t)
	setenv(t, "GINAUTH_USAGE_ROLLUP_AFTER=400")
	if _, _, err := start(t); err == nil || !strings.Contains(err.Error(), "GINAUTH_USAGE_ROLLUP_AFTER") {
		t.Errorf("hours that would be folded when their days are gone: %v", err)
	}
}

func TestAdjust(t *testing.T) {
	clean(t)
	_, log, err := start(t, func(c *ginauth.Config) { c.Secrets = []string{secret} })
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "level=WARN") {
		t.Errorf("a secret is generated though one is given: %s", log)
	}
	clean(t)
	if _, _, err := start(t, func(c *ginauth.Config) { c.KeyPrefix = "no_" }); err == nil {
		t.Error("a bad prefix is accepted")
	}
}

// Repairs at the start are told to the operator.
func TestRepairsAreLogged(t *testing.T) {
	clean(t)
	setenv(t, "GINAUTH_SECRET="+secret)
	auth, _, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	if err := auth.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, "DELETE FROM ginauth_change_counter")
	_, log, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "counter of the change log") {
		t.Errorf("the log does not tell of the repair: %s", log)
	}
}

// A file that others may write is taken only where that is said.
func TestSharedFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no mode there")
	}
	clean(t)
	setenv(t, "GINAUTH_SECRET="+secret)
	if err := errors.Join(os.WriteFile("sqlite.db", nil, 0o600), os.Chmod("sqlite.db", 0o666)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := start(t); err == nil || !strings.Contains(err.Error(), "GINAUTH_DB_LOCATION: ") || !strings.Contains(err.Error(), "GINAUTH_DB_ALLOW_SHARED=true") {
		t.Errorf("a file of everybody's gives %v", err)
	}
	setenv(t, "GINAUTH_DB_ALLOW_SHARED=true")
	_, log, err := start(t)
	if err != nil || !strings.Contains(log.String(), "mode 0666") {
		t.Errorf("with GINAUTH_DB_ALLOW_SHARED the start fails (%v), or does not warn: %s", err, log)
	}
}

// damage changes sqlite.db without ginauth.
func damage(t *testing.T, statement string) {
	t.Helper()
	driver := "sqlite3"
	if slices.Contains(sql.Drivers(), "sqlite") {
		driver = "sqlite"
	}
	db, err := sql.Open(driver, "file:sqlite.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
