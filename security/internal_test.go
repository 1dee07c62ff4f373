package security

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/runenames"
)

// The random part is out of reach from outside; the keys were made by another program.
func TestFormatKeyKnownAnswers(t *testing.T) {
	counting := make([]byte, 32)
	for i := range counting {
		counting[i] = byte(i)
	}
	cases := []struct {
		prefix string
		random []byte
		want   string
	}{
		{"ga", make([]byte, 32), "ga_00000000000000000000000000000000000000000003yLpPR"},
		{"ga", bytes.Repeat([]byte{0xff}, 32), "ga_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1276Q3x"},
		{"acme2", counting, "acme2_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf0F06RI"},
	}
	for _, c := range cases {
		before := bytes.Clone(c.random)
		if got := formatKey(c.prefix, c.random); got != c.want {
			t.Errorf("formatKey(%q, %x) = %q, want %q", c.prefix, c.random, got, c.want)
		}
		if !bytes.Equal(before, c.random) {
			t.Error("formatKey changed its argument")
		}
	}
}

// Taking a random byte modulo 56 would give 32 of the values a quarter more often than the
// rest: 11,000 and 8,750 times here. The bound is seven standard deviations of the fair count.
func TestRandomBelowIsEven(t *testing.T) {
	const n, each = 56, 10_000
	var counts [n]int
	for range n * each {
		counts[randomBelow(n)]++
	}
	for value, count := range counts {
		if count < each-700 || count > each+700 {
			t.Errorf("%d was drawn %d times, want about %d", value, count, each)
		}
	}
}

// Unicode's names tell which digits are zeros, independently of how they are found.
func TestZeroOfEveryDigit(t *testing.T) {
	systems := map[rune]int{}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.IsDigit(r) {
			continue
		}
		zero := zeroFrom(r)
		systems[zero]++
		if name := runenames.Name(zero); !strings.HasSuffix(name, "DIGIT ZERO") || zero > r || r > zero+9 {
			t.Errorf("the zero of %q (%U) is %U, %s", r, r, zero, name)
		}
	}
	for zero, digits := range systems {
		if digits != 10 {
			t.Errorf("%U is the zero of %d digits", zero, digits)
		}
	}
}

// What VerifyNobody is checked against takes the parameters of HashPassword.
func TestCurrentParametersAreThoseOfNewHashes(t *testing.T) {
	fresh, err := parseArgon2(HashPassword("Correct_Horse9"))
	if err != nil || !currentArgon2().costsAs(fresh) {
		t.Errorf("a new hash has other parameters (%v)", err)
	}
	if _, err := parseArgon2(currentArgon2().String()); err != nil {
		t.Errorf("VerifyNobody's hash cannot be read, so it does no work: %v", err)
	}
}

func TestWordsAndRunsAreCommonThemselves(t *testing.T) {
	words := commonWords()
	if len(words) < 150 || len(slices.Compact(slices.Sorted(slices.Values(words)))) != len(words) {
		t.Errorf("there are %d words, or one is there twice", len(words))
	}
	for _, text := range append(words, keyboardRuns()...) {
		if text != skeleton(comparableText(text)) && slices.Contains(words, text) {
			t.Errorf("no password is ever compared with %q", text)
		}
		if !isCommon(text) || !isCommon(reversed(text)+"7#") {
			t.Errorf("%q is not common", text)
		}
	}
}

// FuzzVerifyPassword checks that no stored hash, however damaged, makes VerifyPassword panic or
// answer with both a match and an error. Hashes that are accepted but dear are left out: they
// would only slow the search down.
func FuzzVerifyPassword(f *testing.F) {
	for _, hash := range []string{
		"", "$", "$$$$$", "plain", "$argon2id$", "$argon2id$v=19$m=,t=,p=$$", "$2b$", "$2b$05$",
		"$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$9xa2qwVh+0zHE6+oTfu4fg",
		"$argon2id$v=19$m=64,t=0,p=0$c2FsdHNhbHRzYWx0$9xa2qwVh+0zHE6+oTfu4fg",
		"$argon2id$v=19$m=4294967295,t=4294967295,p=255$c2FsdHNhbHRzYWx0$9xa2qwVh+0zHE6+oTfu4fg",
		"$2y$04$abcdefghijklmnopqrstuuKmfanVS2OqGXSg54lvwhZuWrDzS4wJK",
		"$2y$99$abcdefghijklmnopqrstuuKmfanVS2OqGXSg54lvwhZuWrDzS4wJK",
	} {
		f.Add(hash, "Another#Passw0rd")
		f.Add(hash, "")
		f.Add(hash, strings.Repeat("\xff", 73))
	}
	f.Fuzz(func(t *testing.T, hash, password string) {
		if h, err := parseArgon2(hash); err == nil && (h.memory > 1024 || h.passes > 2) {
			t.Skip()
		}
		if isBcrypt(hash) && hash[4:6] > "04" {
			t.Skip()
		}
		ok, err := VerifyPassword(hash, password)
		if err != nil && (ok || !errors.Is(err, ErrUnreadableHash)) {
			t.Errorf("VerifyPassword(%q, %q) = %v, %v", hash, password, ok, err)
		}
	})
}
