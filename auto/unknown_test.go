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
	setenv(t, "GINAUTH_DATABASE_URL=hunter2", "ginauth_hide_docs=true", "GINAUTH_USAGE_FOLD_AFTER=9", "GINAUTH_MAX_KEY_PER_USER=hunter2")
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
	if strings.Contains(log.String(), "GINAUTH_SECRET has") || strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log says %s", log)
	}
}
