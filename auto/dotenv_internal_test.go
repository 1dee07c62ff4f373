package auto

import (
	"strings"
	"testing"
)

// A value in .env arrives as it is written, or it is refused.
func FuzzDotEnv(f *testing.F) {
	for _, value := range []string{"plain", "$HOME", "${HOME}", "a #b", "a#b", `a\nb`, `a\`, `'`, `it's`, `"`, "\xff", "\x00", " ", "a=b", "\\'", "`x`", "$(id)"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if strings.ContainsAny(value, "\r\n") {
			return
		}
		for _, quote := range []string{"", `"`, "'"} {
			for _, before := range []string{"GINAUTH_SECRET=", "export URI=", "DATABASE_MODE = "} {
				values, err := parseDotEnv([]byte("# comment\n" + before + quote + value + quote + "\nOTHER=1\n"))
				if err != nil {
					continue
				}
				name := strings.Trim(strings.TrimPrefix(before, "export "), " =")
				want := value
				if quote == "" {
					want = unquote(strings.TrimSpace(value))
				}
				if values[name] != want {
					t.Fatalf("%s%s%s%s arrives as %q", before, quote, value, quote, values[name])
				}
			}
		}
	})
}

// unquote takes away quotes that belong to the value as it was made up.
func unquote(text string) string {
	if len(text) > 1 && (text[0] == '\'' || text[0] == '"') && text[len(text)-1] == text[0] {
		return text[1 : len(text)-1]
	}
	return text
}
