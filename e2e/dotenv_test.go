package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func daysBetween(t *testing.T, from, to string) float64 {
	t.Helper()
	first, err1 := time.Parse(time.RFC3339, from)
	last, err2 := time.Parse(time.RFC3339, to)
	if err1 != nil || err2 != nil {
		t.Fatalf("%q and %q are not both dates", from, to)
	}
	return last.Sub(first).Hours() / 24
}

// What .env says holds, but for what the environment says; the application
// finds its own variables there too.
func TestDotEnv(t *testing.T) {
	t.Parallel()
	dir, port := t.TempDir(), freePort(t)
	write(t, dir, ".env", "# of the service\nGINAUTH_SECRET=of-the-file\nexport GINAUTH_AUTOMATIC_EXPIRATION=\"7\"\nPORT="+port+"\n")
	p := launch(t, examplePath, dir, "GINAUTH_SECRET="+secret)
	p.port = port
	p.waitUntilServing()
	expectCode(t, p.admin("of-the-file", "new", `{"name":"service"}`), http.StatusUnauthorized, "secret_wrong")
	a := p.admin(secret, "new", `{"name":"service"}`)
	expectStatus(t, a, http.StatusCreated)
	if days := daysBetween(t, a.member("creation_date"), a.member("expiration_date")); days != 7 {
		t.Errorf("the key is valid for %v days", days)
	}
}

// The secret of .env alone opens the admin calls.
func TestSecretOfDotEnv(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, ".env", "GINAUTH_SECRET=of-the-file\n")
	p := start(t, examplePath, dir)
	expectStatus(t, p.admin("of-the-file", "new", `{"name":"service"}`), http.StatusCreated)
}

// Nonsense in .env stops the start as it does in the environment, and what
// cannot be parsed is not quoted.
func TestNonsenseInDotEnv(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, names string }{
		{"GINAUTH_SECRET=hunter2\nthis is ! no line\n", ".env"},
		{"GINAUTH_SECRET=\"hunter2\n", ".env"},
		{"hunter2\n", ".env"},
		{"GINAUTH_SECRET=\n", "GINAUTH_SECRET"},
		{"URI=hunter2\n", "URI"},
		{"GINAUTH_SECRET=hunter2\nDEV_MODE=perhaps\n", "DEV_MODE"},
	} {
		dir := t.TempDir()
		write(t, dir, ".env", test.text)
		p := launch(t, examplePath, dir, "PORT="+freePort(t))
		expectRefusal(t, p, test.names, "hunter2", "this is")
		expectNoDatabase(t, dir)
	}
}

// The template of .env can be copied and used as it is.
func TestTemplateOfDotEnv(t *testing.T) {
	t.Parallel()
	template, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, ".env", string(template))
	start(t, examplePath, dir)
}
