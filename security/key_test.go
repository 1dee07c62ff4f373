package security_test

import (
	"bytes"
	"encoding/hex"
	"hash/crc32"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/security"
)

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Made by another program, in another language, from the description of the form.
const (
	zeroKey = "ga_00000000000000000000000000000000000000000003yLpPR"
	onesKey = "ga_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1276Q3x"
	acmeKey = "acme2_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf0F06RI"
	longKey = "abcdefghijklmnop_ULrwNTJa3CHVaAVmO8lHlO4Afd3drtx651MXvhT4K7d47uoQ6"
)

// base62 is a second implementation of the encoding, by big integers.
func base62(number *big.Int, width int) string {
	digits := make([]byte, width)
	number, digit := new(big.Int).Set(number), new(big.Int)
	for i := width - 1; i >= 0; i-- {
		number.DivMod(number, big.NewInt(62), digit)
		digits[i] = alphabet[digit.Int64()]
	}
	return string(digits)
}

// withChecksum is a second implementation of the checksum, by the standard library's.
func withChecksum(body string) string {
	return body + base62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(body)))), 6)
}

func value(digits string) *big.Int {
	sum := new(big.Int)
	for i := range len(digits) {
		sum.Mul(sum, big.NewInt(62))
		sum.Add(sum, big.NewInt(int64(strings.IndexByte(alphabet, digits[i]))))
	}
	return sum
}

func TestCheckPrefix(t *testing.T) {
	for _, good := range []string{"a", "z", "ga", "g4", "a0z9", "abcdefghijklmnop", "4a", "0", "Ga", "gA", "sk_live", "a__b", security.DefaultPrefix} {
		if err := security.CheckPrefix(good); err != nil {
			t.Errorf("CheckPrefix(%q) = %v, want nil", good, err)
		}
	}
	for _, bad := range []string{"", "abcdefghijklmnopq", "_", "a_b_", "g-a", "ga_", "_ga", " ga", "ga ", "gé", "é", "g\x00", "g{", "g`", "g/", "g:"} {
		if security.CheckPrefix(bad) == nil {
			t.Errorf("CheckPrefix(%q) = nil, want an error", bad)
		}
	}
}

func TestNewKeyHasItsForm(t *testing.T) {
	form := regexp.MustCompile(`^acme_([0-9A-Za-z]{43})[0-9A-Za-z]{6}$`)
	limit := new(big.Int).Lsh(big.NewInt(1), 256)
	for range 200 {
		key := security.NewKey("acme")
		parts := form.FindStringSubmatch(key)
		if parts == nil {
			t.Fatalf("NewKey gave %d characters of the wrong form", len(key))
		}
		if value(parts[1]).Cmp(limit) >= 0 {
			t.Error("the random part does not stand for 256 bits")
		}
		if key != withChecksum(key[:len(key)-6]) {
			t.Error("the checksum is not the CRC-32 of what precedes it")
		}
		if !security.IsKey("acme", key) {
			t.Error("IsKey refuses what NewKey made")
		}
	}
}

// Each of the 256 bits must be seen both set and clear: 300 keys leave one undecided with a
// probability of about 2^-291.
func TestNewKeyUsesAllBits(t *testing.T) {
	set, clear := new(big.Int), new(big.Int)
	all := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	seen := map[string]bool{}
	for range 300 {
		key := security.NewKey("ga")
		random := value(key[3:46])
		set.Or(set, random)
		clear.Or(clear, new(big.Int).AndNot(all, random))
		seen[key] = true
	}
	if set.Cmp(all) != 0 || clear.Cmp(all) != 0 {
		t.Error("some bit of the key never changes")
	}
	if len(seen) != 300 {
		t.Error("a key was given twice")
	}
}

func TestIsKeyKnownAnswers(t *testing.T) {
	for prefix, key := range map[string]string{"ga": onesKey, "acme2": acmeKey, "abcdefghijklmnop": longKey} {
		if !security.IsKey(prefix, key) {
			t.Errorf("IsKey(%q, %q) = false", prefix, key)
		}
	}
	if !security.IsKey("ga", zeroKey) {
		t.Errorf("IsKey refuses the key of 256 zero bits")
	}
}

func TestIsKeyRefusesOtherForms(t *testing.T) {
	random := strings.Repeat("7", 43)
	bad := map[string]string{
		"empty":               "",
		"prefix only":         "ga",
		"no random part":      "ga_",
		"another prefix":      withChecksum("gb_" + random),
		"a longer prefix":     withChecksum("gaa_" + random),
		"no prefix":           withChecksum("_" + random),
		"upper-case prefix":   withChecksum("GA_" + random),
		"no underscore":       withChecksum("ga" + random),
		"other separator":     withChecksum("ga-" + random),
		"too short":           withChecksum("ga_" + random[1:]),
		"too long":            withChecksum("ga_" + random + "7"),
		"hyphen in it":        withChecksum("ga_" + random[1:] + "-"),
		"underscore in it":    withChecksum("ga_" + random[1:] + "_"),
		"space in it":         withChecksum("ga_" + random[1:] + " "),
		"brace in it":         withChecksum("ga_" + random[1:] + "{"),
		"no ASCII":            withChecksum("ga_" + random[2:] + "é"),
		"newline behind":      onesKey + "\n",
		"space before":        " " + onesKey,
		"twice":               onesKey + onesKey,
		"checksum without us": onesKey[:46] + "000000",
	}
	for name, s := range bad {
		if security.IsKey("ga", s) {
			t.Errorf("%s: IsKey(%q) = true", name, s)
		}
	}
}

func TestIsKeyNoticesEverySubstitution(t *testing.T) {
	for _, key := range []string{onesKey, zeroKey, security.NewKey("ga")} {
		for i := range len(key) {
			for c := range 256 {
				damaged := []byte(key)
				damaged[i] = byte(c)
				if damaged[i] != key[i] && security.IsKey("ga", string(damaged)) {
					t.Fatalf("byte %#x at %d goes unnoticed", c, i)
				}
			}
		}
	}
}

func TestIsKeyNoticesEveryTranspositionAndLoss(t *testing.T) {
	for i := range len(onesKey) - 1 {
		swapped := onesKey[:i] + onesKey[i+1:i+2] + onesKey[i:i+1] + onesKey[i+2:]
		if swapped != onesKey && security.IsKey("ga", swapped) {
			t.Errorf("swapping %d and %d goes unnoticed", i, i+1)
		}
		if security.IsKey("ga", onesKey[:i]+onesKey[i+1:]) {
			t.Errorf("losing %d goes unnoticed", i)
		}
		if security.IsKey("ga", onesKey[:i]+onesKey[i:i+1]+onesKey[i:]) {
			t.Errorf("doubling %d goes unnoticed", i)
		}
	}
}

func TestIsKeyAllocatesNothing(t *testing.T) {
	inputs := []string{onesKey, onesKey[:51] + "0", "", "nonsense", strings.Repeat("ga_", 1000)}
	for _, s := range inputs {
		if n := testing.AllocsPerRun(100, func() { security.IsKey("ga", s) }); n != 0 {
			t.Errorf("IsKey allocates %v times for %d bytes", n, len(s))
		}
	}
}

// The digest of "abc" is the example of FIPS 180-4.
func TestHashKey(t *testing.T) {
	want, _ := hex.DecodeString("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
	if got := security.HashKey("abc"); !bytes.Equal(got[:], want) {
		t.Errorf("HashKey(abc) = %x, want %x", got, want)
	}
	if security.HashKey(onesKey) == security.HashKey(zeroKey) {
		t.Error("two keys have the same hash")
	}
}

func TestHint(t *testing.T) {
	cases := map[string]string{
		onesKey:                    "ga_yhjs",
		acmeKey:                    "acme2_003a",
		longKey:                    "abcdefghijklmnop_ULrw",
		"":                         "",
		"_":                        "",
		"ga_":                      "",
		"ga_short":                 "",
		"a private password":       "",
		"someone_else's_secret":    "",
		onesKey[:51] + "0":         "",
		"GA" + onesKey[2:]:         "",
		strings.Repeat("_", 52):    "",
		"\xff\xfe_" + onesKey[3:]:  "",
		strings.Repeat("g", 1<<16): "",
	}
	for key, want := range cases {
		if got := security.Hint(key); got != want {
			t.Errorf("Hint(%.60q) = %q, want %q", key, got, want)
		}
	}
}

// A prefix with underscores is a part of the hint, and no other prefix's key is taken for
// one with it.
func TestPrefixWithUnderscores(t *testing.T) {
	key := security.NewKey("sk_live")
	if hint := security.Hint(key); len(hint) != len("sk_live_")+4 || !strings.HasPrefix(key, hint) {
		t.Errorf("the hint is %q", hint)
	}
	if !security.IsKey("sk_live", key) || security.IsKey("sk", key) || security.IsKey("live", key) {
		t.Error("the prefix is taken for another")
	}
}

// FuzzIsKey compares IsKey with a second implementation of the form.
func FuzzIsKey(f *testing.F) {
	for _, s := range []string{"", "ga_", onesKey, zeroKey, acmeKey, longKey, onesKey[:51]} {
		f.Add("ga", s)
	}
	f.Add("acme2", acmeKey)
	f.Add("", "_"+onesKey[3:])
	alphabetOnly := regexp.MustCompile(`^_[0-9A-Za-z]{49}$`)
	f.Fuzz(func(t *testing.T, prefix, s string) {
		rest, hasPrefix := strings.CutPrefix(s, prefix)
		want := hasPrefix && alphabetOnly.MatchString(rest) && s == withChecksum(s[:len(s)-6])
		if got := security.IsKey(prefix, s); got != want {
			t.Errorf("IsKey(%q, %q) = %v, want %v", prefix, s, got, want)
		}
		if hint := security.Hint(s); len(hint) > 21 || !strings.HasPrefix(s, hint) {
			t.Errorf("Hint(%q) = %q", s, hint)
		}
		if body := prefix + "_" + strings.Repeat("a", 43); !security.IsKey(prefix, withChecksum(body)) {
			t.Errorf("IsKey refuses a key with prefix %q", prefix)
		}
	})
}
