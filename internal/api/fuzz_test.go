package api

import (
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth/keys"
)

// Text that is accepted as a date can be written again, and is never taken for no
// date.
func FuzzReadDate(f *testing.F) {
	for _, text := range []string{"2031-01-02", "2031-01-02T03:04:05Z", "2031-01-02T03:04:05.678+09:00", "9999-12-31T23:59:59-12:00", "0000-00-00", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		date := ReadDate(&text)
		if !keys.IsWritable(date) { // the services refuse it
			return
		}
		if date.IsZero() {
			t.Errorf("%q is taken for no date", text)
		}
		if _, err := date.MarshalJSON(); err != nil {
			t.Errorf("%q cannot be written: %v", text, err)
		}
		if !strings.HasPrefix(date.Format(time.RFC3339), text) && len(text) == len(time.DateOnly) {
			t.Errorf("the plain date %q becomes %v", text, date)
		}
	})
}
