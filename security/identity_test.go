package security_test

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/ginauth/ginauth/security"
)

// outcome is the result, or the code of the RuleError in its place.
func outcome(result string, err error) string {
	var rule security.RuleError
	switch {
	case err == nil:
		return result
	case result == "" && errors.As(err, &rule):
		return "error " + rule.Code
	}
	return "result and error, or an error without a code"
}

func TestCanonicalUsername(t *testing.T) {
	cases := []struct{ name, username, want string }{
		{"plain", "alice", "alice"},
		{"case", "AliCE", "alice"},
		{"punctuation", "a.l-i_c+e'42", "a.l-i_c+e'42"},
		{"three", "bob", "bob"},
		{"composed", "J\u00fcrgen", "j\u00fcrgen"},
		{"decomposed", "Ju\u0308rgen", "j\u00fcrgen"},
		{"full width", "Ａｌｉｃｅ", "alice"},
		{"Cyrillic", "Ольга", "ольга"},
		{"Hebrew", "דניאל", "דניאל"},
		{"sharp s stays", "Strauß", "strauß"},
		{"64 characters", strings.Repeat("é", 64), strings.Repeat("é", 64)},
		{"64 characters, decomposed", strings.Repeat("e\u0301", 64), strings.Repeat("é", 64)},
		{"65 characters", strings.Repeat("a", 65), "error username_too_long"},
		{"1025 bytes", strings.Repeat(" ", 1025), "error username_too_long"},
		{"two", "al", "error username_too_short"},
		{"two, six bytes", "日本", "error username_too_short"},
		{"three, but two when composed", "be\u0301", "error username_too_short"},
		{"empty", "", "error username_too_short"},
		{"at sign", "alice@home", "error username_invalid"},
		{"full-width at sign", "alice＠home", "error username_invalid"},
		{"colon", "alice:x", "error username_invalid"},
		{"full-width colon", "alice：x", "error username_invalid"},
		{"space", "alice b", "error username_invalid"},
		{"space around", " alice", "error username_invalid"},
		{"no-break space", "alice\u00a0b", "error username_invalid"},
		{"newline", "alice\n", "error username_invalid"},
		{"zero byte", "ali\x00ce", "error username_invalid"},
		{"zero width space", "ali\u200bce", "error username_invalid"},
		{"bidi override", "ali\u202ece", "error username_invalid"},
		{"mixed directions", "alice\u05d0", "error username_invalid"},
		{"emoji", "alice😀", "error username_invalid"},
		{"ligature", "\ufb01ona", "error username_invalid"},
		{"invalid UTF-8", "ali\xffce", "error username_invalid"},
		{"replacement character", "ali\ufffdce", "error username_invalid"},
		{"Cyrillic a in Latin", "p\u0430ypal", "error username_mixed_scripts"},
		{"Latin a in Cyrillic", "ольгa", "error username_mixed_scripts"},
		{"Greek o in Latin", "j\u03bfse", "error username_mixed_scripts"},
		{"mixed and too long", "\u0430" + strings.Repeat("a", 64), "error username_too_long"},
		{"mixed and too short", "\u0430a", "error username_too_short"},
		{"Cyrillic with ASCII digits and signs", "ольга_7.9", "ольга_7.9"},
		{"Cyrillic with a combining accent", "ю\u0301лия", "ю\u0301лия"},
		{"Japanese in three scripts", "山田たろうカナ", "山田たろうカナ"},
		{"Japanese, Han last", "カナたろう山田", "カナたろう山田"},
		{"Japanese prolonged sound, half width", "ﾀﾛｰ", "タロー"},
		{"Korean with Han", "김金수", "김金수"},
		{"Bopomofo with Han", "ㄅ金ㄆ", "ㄅ金ㄆ"},
		{"Hangul and Hiragana", "김수た", "error username_mixed_scripts"},
		{"Hangul, Han and Katakana", "김金カ", "error username_mixed_scripts"},
		{"Bopomofo, Han and Hangul", "ㄅ金김", "error username_mixed_scripts"},
		{"Bopomofo and Hiragana", "ㄅㄆた", "error username_mixed_scripts"},
		{"Latin and Han", "abc金", "error username_mixed_scripts"},
		{"Han and Latin", "金山c", "error username_mixed_scripts"},
		{"Devanagari digits", "राम१२", "राम१२"},
		{"Devanagari and ASCII digits", "राम1२", "error username_mixed_scripts"},
		{"Devanagari digits with an ASCII one between", "राम१1१", "error username_mixed_scripts"},
		{"Latin with Devanagari digits", "ram१", "error username_mixed_scripts"},
		{"Arabic digits", "علي٣", "علي٣"},
		{"extended Arabic digits", "علي۳", "علي۳"},
		{"digits beyond the plane", "𑜀𑜁𑜲", "𑜀𑜁𑜲"},
		{"digits beyond the plane and ASCII", "𑜀𑜁𑜲1", "error username_mixed_scripts"},
		{"full-width digits become ASCII", "bob1２", "bob12"},
		{"digits only", "12345", "12345"},
	}
	for _, c := range cases {
		if got := outcome(security.CanonicalUsername(c.username)); got != c.want {
			t.Errorf("%s: CanonicalUsername(%.70q) = %q, want %q", c.name, c.username, got, c.want)
		}
	}
}

func TestCanonicalEmail(t *testing.T) {
	domain189 := strings.Repeat(strings.Repeat("d", 62)+".", 3)
	cases := []struct{ name, email, want string }{
		{"plain", "alice@example.org", "alice@example.org"},
		{"case", "Alice.B@Example.ORG", "alice.b@example.org"},
		{"tag", "alice+news@example.org", "alice+news@example.org"},
		{"symbols", "!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~@example.org"},
		{"international domain", "info@Bücher.example", "info@xn--bcher-kva.example"},
		{"decomposed domain", "info@Bu\u0308cher.example", "info@xn--bcher-kva.example"},
		{"ASCII form of it", "info@XN--BCHER-KVA.example", "info@xn--bcher-kva.example"},
		{"sharp s in the domain", "a@straße.example", "a@xn--strae-oqa.example"},
		{"ideographic full stop", "a@example。org", "a@example.org"},
		{"full-width domain", "a@ｅｘａｍｐｌｅ.org", "a@example.org"},
		{"international local part", "JÜRGEN@example.org", "jürgen@example.org"},
		{"decomposed local part", "ju\u0308rgen@example.org", "jürgen@example.org"},
		{"sharp s in the local part", "Strauß@example.org", "strauß@example.org"},
		{"dotted I is no i", "\u0130d@example.org", "i\u0307d@example.org"},
		{"Greek with final sigma", "ΜΑΡΙΟΣ@example.org", "μαριος@example.org"},
		{"composes in lower case only", "J\u030c@example.org", "\u01f0@example.org"},
		{"number in a label", "a@1.example4", "a@1.example4"},
		{"64 bytes of local part", strings.Repeat("a", 64) + "@example.org", strings.Repeat("a", 64) + "@example.org"},
		{"65 bytes of local part", strings.Repeat("a", 65) + "@example.org", "error email_too_long"},
		{"66 bytes in 33 characters", strings.Repeat("é", 33) + "@example.org", "error email_too_long"},
		{"254 bytes", strings.Repeat("a", 61) + "@" + domain189 + "com", strings.Repeat("a", 61) + "@" + domain189 + "com"},
		{"255 bytes", strings.Repeat("a", 62) + "@" + domain189 + "com", "error email_too_long"},
		{"1025 bytes", strings.Repeat("@", 1025), "error email_too_long"},
		{"label of 64", "a@" + strings.Repeat("d", 64) + ".org", "error email_invalid"},
		{"empty", "", "error email_invalid"},
		{"no at", "example.org", "error email_invalid"},
		{"no local part", "@example.org", "error email_invalid"},
		{"no domain", "alice@", "error email_invalid"},
		{"two at", "a@b@example.org", "error email_invalid"},
		{"one label", "root@localhost", "error email_invalid"},
		{"trailing dot", "a@example.org.", "error email_invalid"},
		{"leading dot", "a@.example.org", "error email_invalid"},
		{"empty label", "a@example..org", "error email_invalid"},
		{"dot before at", "a.@example.org", "error email_invalid"},
		{"two dots", "a..b@example.org", "error email_invalid"},
		{"underscore in the domain", "a@ex_ample.org", "error email_invalid"},
		{"hyphen at the edge", "a@-example.org", "error email_invalid"},
		{"broken punycode", "a@xn--a.org", "error email_invalid"},
		{"turns right-to-left", "a@xy\u2135.org", "error email_invalid"},
		{"IPv4 literal", "a@[192.0.2.1]", "error email_invalid"},
		{"IPv6 literal", "a@[IPv6:2001:db8::1]", "error email_invalid"},
		{"bare IPv4", "a@192.0.2.1", "error email_invalid"},
		{"display name", "Alice <alice@example.org>", "error email_invalid"},
		{"angle brackets", "<alice@example.org>", "error email_invalid"},
		{"comment behind", "alice@example.org (home)", "error email_invalid"},
		{"comment inside", "alice(home)@example.org", "error email_invalid"},
		{"quoted", `"alice"@example.org`, "error email_invalid"},
		{"quoted space", `"a b"@example.org`, "error email_invalid"},
		{"list", "a@example.org,b@example.org", "error email_invalid"},
		{"space before", " a@example.org", "error email_invalid"},
		{"space behind", "a@example.org ", "error email_invalid"},
		{"space inside", "a @example.org", "error email_invalid"},
		{"no-break space", "a\u00a0b@example.org", "error email_invalid"},
		{"header injection", "a@example.org\r\nBcc: b@example.org", "error email_invalid"},
		{"zero byte", "a\x00@example.org", "error email_invalid"},
		{"C1 control", "a\u0085@example.org", "error email_invalid"},
		{"zero width space", "a\u200b@example.org", "error email_invalid"},
		{"bidi override", "a\u202e@example.org", "error email_invalid"},
		{"Greek question mark is a semicolon", "a\u037e@example.org", "error email_invalid"},
		{"Kelvin sign is a K", "\u212aate@example.org", "error email_invalid"},
		{"Kelvin sign beside what is composed", "e\u0301\u212a@example.org", "error email_invalid"},
		{"Greek varia is a grave accent", "a\u1fef@example.org", "error email_invalid"},
		{"invalid UTF-8", "a\xff@example.org", "error email_invalid"},
	}
	for _, c := range cases {
		if got := outcome(security.CanonicalEmail(c.email)); got != c.want {
			t.Errorf("%s: CanonicalEmail(%.90q) = %q, want %q", c.name, c.email, got, c.want)
		}
	}
}

func TestCheckName(t *testing.T) {
	cases := []struct{ name, label, want string }{
		{"plain", "Nightly backup (Zürich) #2", ""},
		{"one character", "x", ""},
		{"64 characters", strings.Repeat("語", 64), ""},
		{"emoji", "backup 💾", ""},
		{"no-break space inside", "a\u00a0b", ""},
		{"markup is text", "<b>O'Neil</b>", ""},
		{"65 characters", strings.Repeat("a", 65), "error name_too_long"},
		{"empty", "", "error name_empty"},
		{"spaces", "  \t", "error name_empty"},
		{"no-break space", "\u00a0", "error name_empty"},
		{"space before", " a", "error name_invalid"},
		{"space behind", "a ", "error name_invalid"},
		{"ideographic space behind", "a\u3000", "error name_invalid"},
		{"newline", "a\nb", "error name_invalid"},
		{"tab", "a\tb", "error name_invalid"},
		{"zero byte", "a\x00b", "error name_invalid"},
		{"escape", "a\x1b[31mb", "error name_invalid"},
		{"line separator", "a\u2028b", "error name_invalid"},
		{"bidi override", "a\u202eb", "error name_invalid"},
		{"bidi isolate", "a\u2066b", "error name_invalid"},
		{"zero width joiner", "a\u200db", "error name_invalid"},
		{"byte order mark", "\ufeffa", "error name_invalid"},
		{"private use", "a\ue000", "error name_invalid"},
		{"invalid UTF-8", "a\xff", "error name_invalid"},
	}
	for _, c := range cases {
		if got := outcome("", security.CheckName(c.label)); got != c.want {
			t.Errorf("%s: CheckName(%.70q) = %q, want %q", c.name, c.label, got, c.want)
		}
	}
}

// stable fails the test if the canonical form has another canonical form.
func stable(t *testing.T, canonical func(string) (string, error), input string) {
	t.Helper()
	once, err := canonical(input)
	if err != nil {
		return
	}
	if twice, err := canonical(once); err != nil || twice != once {
		t.Errorf("%q becomes %q, which becomes %q (%v)", input, once, twice, err)
	}
}

// Case, width and composition differ from script to script, so every letter and mark is tried,
// but for the ideographs and syllables, which have none.
func TestCanonicalFormsAreFinalForEveryLetter(t *testing.T) {
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if !unicode.IsPrint(r) || unicode.In(r, unicode.Han, unicode.Hangul) {
			continue
		}
		stable(t, security.CanonicalUsername, "xy"+string(r))
		stable(t, security.CanonicalUsername, strings.Repeat(string(r), 3))
		stable(t, security.CanonicalEmail, "x"+string(r)+"@example.org")
		stable(t, security.CanonicalEmail, "x@y"+string(r)+".org")
	}
}

func TestCanonicalFormsAreSafeForConcurrentUse(t *testing.T) {
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 200 {
				if got, _ := security.CanonicalUsername("ＪU\u0308RGEN"); got != "jürgen" {
					t.Errorf("username %q", got)
				}
				if got, _ := security.CanonicalEmail("JU\u0308RGEN@Bücher.example"); got != "jürgen@xn--bcher-kva.example" {
					t.Errorf("email %q", got)
				}
			}
		})
	}
	group.Wait()
}

func FuzzCanonicalUsername(f *testing.F) {
	for _, s := range []string{"", "alice", "Ａｌｉｃｅ", "Ju\u0308rgen", "a@b", "דניאל", "\u03a3\u0345\u0130", "l\u00b7l", "\xff", strings.Repeat("ΐ", 40), "p\u0430ypal", "山田たろう", "राम1२", "김金수"} {
		f.Add(s)
	}
	latin, cyrillic, greek := regexp.MustCompile(`\p{Latin}`), regexp.MustCompile(`\p{Cyrillic}`), regexp.MustCompile(`\p{Greek}`)
	asciiDigit, otherDigit := regexp.MustCompile(`[0-9]`), regexp.MustCompile(`[^\P{Nd}0-9]`)
	f.Fuzz(func(t *testing.T, username string) {
		stable(t, security.CanonicalUsername, username)
		canonical, err := security.CanonicalUsername(username)
		length := utf8.RuneCountInString(canonical)
		if err == nil && (length < 3 || length > 64 || !utf8.ValidString(canonical) || strings.ContainsAny(canonical, "@: \t\r\n\x00")) {
			t.Errorf("CanonicalUsername(%q) = %q", username, canonical)
		}
		for _, pair := range [][2]*regexp.Regexp{{latin, cyrillic}, {latin, greek}, {cyrillic, greek}, {asciiDigit, otherDigit}} {
			if pair[0].MatchString(canonical) && pair[1].MatchString(canonical) {
				t.Errorf("CanonicalUsername(%q) = %q, which mixes %s and %s", username, canonical, pair[0], pair[1])
			}
		}
		if err != nil && !strings.HasPrefix(outcome(canonical, err), "error username_") {
			t.Errorf("CanonicalUsername(%q) = %q, %v", username, canonical, err)
		}
	})
}

func FuzzCanonicalEmail(f *testing.F) {
	for _, s := range []string{"", "a@example.org", "A@Bücher.example", "\"a\"@b.c", "a@[1.2.3.4]", "<a@b.c>", "a@b.c (d)", "\u0130\u0345@b.c", "a@xn--a.b", "a@b\u2135.c", "a@b。c", "=?utf-8?q?a?= <a@b.c>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, email string) {
		stable(t, security.CanonicalEmail, email)
		canonical, err := security.CanonicalEmail(email)
		if err != nil {
			if !strings.HasPrefix(outcome(canonical, err), "error email_") {
				t.Errorf("CanonicalEmail(%q) = %q, %v", email, canonical, err)
			}
			return
		}
		local, domain, _ := strings.Cut(canonical, "@")
		if len(canonical) > 254 || local == "" || len(local) > 64 || !utf8.ValidString(local) || strings.ContainsAny(local, "@ \t\r\n\x00\"(),:;<>[\\]") {
			t.Errorf("CanonicalEmail(%q) = %q", email, canonical)
		}
		if !strings.Contains(domain, ".") || strings.Trim(domain, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" {
			t.Errorf("CanonicalEmail(%q) = %q", email, canonical)
		}
	})
}
