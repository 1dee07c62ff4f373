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

// Every variable arrives as it is written, or the start stops and names line and
// variable.
func TestDotEnvIsExact(t *testing.T) {
	for name, test := range map[string]struct{ text, names string }{
		"dollar":         {"\nGINAUTH_DB_LOCATION=a$HOME.db\n", "line 2: the value of GINAUTH_DB_LOCATION"},
		"comment":        {"GINAUTH_HIDE_DOCS=true # hide\n", "line 1: the value of GINAUTH_HIDE_DOCS"},
		"backslash":      {`GINAUTH_DB_LOCATION="a\tb.db"`, "line 1: the value of GINAUTH_DB_LOCATION"},
		"open quote":     {"DATABASE_MODE=sqlite\nGINAUTH_DB_LOCATION=\"a.db\n", "line 2: the value of GINAUTH_DB_LOCATION has no closing quote"},
		"no assignment":  {"DATABASE_MODE=sqlite\n\nsqlite\n", "line 3 is neither"},
		"UTF-16":         {"\xff\xfeD\x00A\x00", "UTF-16"},
		"other encoding": {"DATABASE_MODE=sqlite\nGINAUTH_DB_LOCATION=caf\xe9.db\n", "line 2 is no text in UTF-8"},
		"foreign space":  {"\u00a0GINAUTH_SECRET=aaa$HOME-bbb\n", "the line of GINAUTH_SECRET"},
		"bare CR":        {"DATABASE_MODE=sqlite\rGINAUTH_DB_LOCATION=a.db", "line 1 has a carriage return"},
		"twice":          {"GINAUTH_DB_LOCATION=b.db\nGINAUTH_DB_LOCATION=b.db\n", "line 2: GINAUTH_DB_LOCATION is there twice"},
		"misspelt":       {"GINAUTH_SECRTE=a$HOME\n", "line 1: the value of GINAUTH_SECRTE"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			write(t, ".env", test.text)
			expectSentence(t, test.names, "hunter2")
		})
	}
	for name, test := range map[string]struct{ text, file string }{
		"single quotes": {`GINAUTH_DB_LOCATION='a$HOME #\b".db'`, `a$HOME #\b".db`},
		"double quotes": {`GINAUTH_DB_LOCATION="it's.db"`, "it's.db"},
		"mark":          {"\xef\xbb\xbfGINAUTH_DB_LOCATION=a.db\r\n", "a.db"},
		"hash inside":   {"GINAUTH_DB_LOCATION=a#b.db", "a#b.db"},
		"spaces":        {"  export  GINAUTH_DB_LOCATION = a b.db  \r\n", "a b.db"},
		"alike":         {"PUBLIC_URL=https://${USER}/x\nMAILER=a # comment\nCACHE_SIZE=1 # comment\nGINAUTH_DB_LOCATION=a.db", "a.db"},
		"application":   {"GREETING=${USER} # expanded as ever\nGINAUTH_DB_LOCATION=a.db", "a.db"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			for _, name := range []string{"GREETING", "PUBLIC_URL", "MAILER", "CACHE_SIZE"} {
				t.Setenv(name, "")
			}
			write(t, ".env", test.text)
			if _, _, err := start(t); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(test.file); err != nil {
				t.Error(err)
			}
		})
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
