package auto_test

import (
	"strings"
	"testing"
)

// A variable that is none has no effect, which the log says, with the nearest name and
// without the value.
func TestUnknownVariables(t *testing.T) {
	clean(t)
	write(t, ".env", "GINAUTH_SECRET="+secret+"\nGINAUTH_MAX_KEY_PER_USER=hunter2\n")
	setenv(t, "GINAUTH_SERVICE_HOST=hunter2", "GINAUTH_PORT_80_TCP=hunter2", "GINAUTH_DATABASE_URL=hunter2", "ginauth_hide_docs=true", "GINAUTH_USAGE_FOLD_AFTER=9", "GINAUTH_MAX_KEY_PER_USER=hunter2")
	_, log, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"GINAUTH_DATABASE_URL":     "the nearest is GINAUTH_DATABASE_MODE",
		"ginauth_hide_docs":        "the nearest is GINAUTH_HIDE_DOCS",
		"GINAUTH_MAX_KEY_PER_USER": "the nearest is GINAUTH_MAX_KEYS_PER_USER",
		"GINAUTH_USAGE_FOLD_AFTER": "its name is GINAUTH_USAGE_ROLLUP_AFTER now",
	} {
		if !strings.Contains(log.String(), name+" has no effect: ") || !strings.Contains(log.String(), want) {
			t.Errorf("of %s the log says %s", name, log)
		}
	}
	if strings.Contains(log.String(), "GINAUTH_SECRET has") || strings.Contains(log.String(), "_HOST") || strings.Contains(log.String(), "_TCP") || strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log says %s", log)
	}
}

// A mistyped name is told also where it makes the start fail.
func TestUnknownVariablesAtARefusal(t *testing.T) {
	for _, pairs := range [][]string{
		{"GINAUTH_MAILER=smtp://localhost", "GINAUTH_MAIL_FORM=a@example.org"},
		{"GINAUTH_MAILER=log", "GINAUTH_PUBLIC_URI=https://example.org"},
		{"GINAUTH_CACHE_SIZE=none", "GINAUTH_CASHE_SIZE=1"},
	} {
		clean(t)
		setenv(t, pairs...)
		name, _, _ := strings.Cut(pairs[1], "=")
		if _, log, err := start(t); err == nil || !strings.Contains(log.String(), name+" has no effect") {
			t.Errorf("with %v it says %v and logs %s", pairs, err, log)
		}
	}
}
