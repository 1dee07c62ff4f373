package security_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/ginauth/ginauth/security"
)

func codes(broken []security.RuleError) []string {
	var list []string
	for _, rule := range broken {
		list = append(list, rule.Code)
	}
	return list
}

func TestCheckPassword(t *testing.T) {
	cases := []struct {
		name, password string
		want           []string
	}{
		{"nine characters", "Passw0rd_", nil},
		{"eight characters", "Passw0r_", []string{"password_too_short"}},
		{"nine bytes, eight characters", "Passw0_é", []string{"password_too_short"}},
		{"nine characters beyond ASCII", "éééééÉ1_é", nil},
		{"nine code points, eight when composed", "Passw0_e\u0301", []string{"password_too_short"}},
		{"1025 bytes", "A1_" + strings.Repeat("x", 1022), nil},
		{"no digit", "Password_", []string{"password_no_digit"}},
		{"Arabic digit", "Password_٣", nil},
		{"no upper case", "passw0rd_", []string{"password_no_uppercase"}},
		{"Greek upper case", "Σassw0rd_", nil},
		{"no special character", "Passw0rds", []string{"password_no_special"}},
		{"special, but not one of them", "Passw0rd-+=;,.[]'\"`~"[:19], []string{"password_no_special"}},
		{"special only before composition", "Passw0rd<\u0338", []string{"password_no_special"}},
		{"empty", "", []string{"password_too_short", "password_no_digit", "password_no_uppercase", "password_no_special"}},
		{"no text", "Passw0rd_\xff\x00", nil},
		{"space inside", "Pass w0rd_", nil},
	}
	for _, c := range cases {
		if got := codes(security.CheckPassword(c.password)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestCheckPasswordKnowsEverySpecialCharacter(t *testing.T) {
	const special = "@_!#$%^&*()<>?/\\|}{~:"
	for c := rune(' '); c <= '~'; c++ {
		isSpecial := security.CheckPassword("Passw0rds"+string(c)) == nil
		if isSpecial != strings.ContainsRune(special, c) {
			t.Errorf("%q counts as special: %v", c, isSpecial)
		}
	}
}

func TestRuleErrorIsWhatClientsRead(t *testing.T) {
	const password = "QqQqQ"
	for _, rule := range append(security.CheckPassword(password), security.CheckAnyPassword(password+password, password)...) {
		if rule.Error() != rule.Detail || rule.Detail == "" || strings.Contains(rule.Detail, password) {
			t.Errorf("%s: %q", rule.Code, rule.Error())
		}
	}
	_, err := security.CanonicalUsername("a b c")
	var rule security.RuleError
	if !errors.As(err, &rule) || rule.Code != "username_invalid" {
		t.Errorf("errors.As finds no RuleError in %v", err)
	}
}

func TestProposePassword(t *testing.T) {
	form := regexp.MustCompile(`^[2-9A-HJ-NP-Za-km-np-z]{5}(_[2-9A-HJ-NP-Za-km-np-z]{5}){3}$`)
	seen := map[string]bool{}
	characters := map[rune]bool{}
	for range 500 {
		password := security.ProposePassword()
		if broken := append(security.CheckPassword(password), security.CheckAnyPassword(password)...); broken != nil {
			t.Errorf("%q breaks %v", password, codes(broken))
		}
		if !form.MatchString(password) {
			t.Errorf("%q has another form", password)
		}
		seen[password] = true
		for _, c := range password {
			characters[c] = true
		}
	}
	if len(seen) != 500 {
		t.Error("a password was proposed twice")
	}
	if len(characters) != 57 {
		t.Errorf("500 proposals use %d characters, want 56 and the underscore", len(characters))
	}
}

// One proposal in nine would hold one of these 4,096 identities.
func TestProposePasswordMindsIdentities(t *testing.T) {
	const letters = "cfgkmpqr"
	var identities []string
	for n := range 8 * 8 * 8 * 8 {
		identities = append(identities, string([]byte{letters[n/512], letters[n/64%8], letters[n/8%8], letters[n%8]}))
	}
	for range 60 {
		if broken := security.CheckAnyPassword(security.ProposePassword(identities...), identities...); broken != nil {
			t.Errorf("a proposal breaks %v", codes(broken))
		}
	}
}

// FuzzCheckPassword compares the rules with a second implementation by regular expressions.
func FuzzCheckPassword(f *testing.F) {
	for _, s := range []string{"", "Passw0rd_", "\xff", "\u0085", "Σassw0rd_", "<\u0338", "e\u0301", strings.Repeat("x", 1025)} {
		f.Add(s)
	}
	digit, upper := regexp.MustCompile(`\p{Nd}`), regexp.MustCompile(`\p{Lu}`)
	special := regexp.MustCompile(`[@_!#$%^&*()<>?/\\|}{~:]`)
	f.Fuzz(func(t *testing.T, password string) {
		text := norm.NFC.String(password)
		var want []string
		for _, rule := range []struct {
			broken bool
			code   string
		}{
			{len([]rune(text)) <= 8, "password_too_short"},
			{!digit.MatchString(text), "password_no_digit"},
			{!upper.MatchString(text), "password_no_uppercase"},
			{!special.MatchString(text), "password_no_special"},
		} {
			if rule.broken {
				want = append(want, rule.code)
			}
		}
		if got := codes(security.CheckPassword(password)); !slices.Equal(got, want) {
			t.Errorf("CheckPassword(%q) = %v, want %v", password, got, want)
		}
	})
}
