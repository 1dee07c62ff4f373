package auto_test

import (
	"net/http"
	"testing"
)

// A secret that is mounted as a file is read from there, under both names.
func TestSecretsFromFiles(t *testing.T) {
	for name, content := range map[string]string{
		"plain": secret, "line break": secret + "\n", "Windows": "\xef\xbb\xbf" + secret + "\r\n", "two": secret + ",another-secret-that-is-long-enough-too\n",
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			write(t, "mounted", content)
			setenv(t, "GINAUTH_SECRET_FILE=mounted")
			auth, _, err := start(t)
			if err != nil {
				t.Fatal(err)
			}
			if code, _ := post(auth, "/new", secret, `{"name":"s"}`); code != http.StatusCreated {
				t.Errorf("the secret of the file is answered %d", code)
			}
		})
	}
}

// A file that cannot be used stops the start, and the variable is named.
func TestUnusableSecretFiles(t *testing.T) {
	for name, test := range map[string]struct{ content, variable, value string }{
		"missing":       {"", "GINAUTH_SECRET_FILE", "nowhere"},
		"a folder":      {"", "GINAUTH_SECRET_FILE", "."},
		"empty":         {"\n", "GINAUTH_SECRET_FILE", "mounted"},
		"no file named": {"", "GINAUTH_SECRET_FILE", ""},
		"UTF-16":        {"h\x00u\x00", "GINAUTH_SECRET_FILE", "mounted"},
		"no secret":     {"hunter2-\x07", "GINAUTH_SECRET_FILE", "mounted"},
		"no URI":        {"hunter2", "URI_FILE", "mounted"},
		"prefixed":      {"hunter2", "GINAUTH_URI_FILE", "mounted"},
		"no mailer":     {"ftp://hunter2@x", "GINAUTH_MAILER_FILE", "mounted"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			write(t, "mounted", test.content)
			setenv(t, test.variable+"="+test.value)
			expectRefusal(t, test.variable, "hunter2")
		})
	}
	clean(t)
	write(t, "mounted", secret)
	setenv(t, "GINAUTH_SECRET_FILE=mounted", "GINAUTH_SECRET=hunter2")
	expectSentence(t, "GINAUTH_SECRET and GINAUTH_SECRET_FILE are both set", "hunter2")
}

// Where the database is can be in a file, too, and says the mode.
func TestURIFromFile(t *testing.T) {
	clean(t)
	write(t, "mounted", "mysql://user:hunter2@localhost:1/x\n")
	setenv(t, "URI_FILE=mounted", "DATABASE_MODE=postgres")
	expectSentence(t, "DATABASE_MODE is postgres, but URI_FILE is that of a mysql database", "hunter2")
	setenv(t, "DATABASE_MODE=mysql")
	expectSentence(t, "URI_FILE: ", "hunter2")
}
