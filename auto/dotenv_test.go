package auto_test

import (
	"net/http"
	"os"
	"testing"
)

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
		`GINAUTH_MAILER=smtp://user:hunter2$X@localhost`,
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
