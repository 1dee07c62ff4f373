package security_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/security"
)

// Made by the reference implementation's command (argon2, Debian 0~20171227).
const (
	argon2Unicode = "$argon2id$v=19$m=19456,t=2,p=1$Z2luYXV0aC10ZXN0LXNsdA$GSsrhjjMNX2Ipeuqp7uwA/JHXWmMtIXIg/qOtoCfb0c"
	argon2Other   = "$argon2id$v=19$m=1024,t=3,p=4$c2FsdHNhbHRzYWx0$FC22XimKP2hYrmH0rAyj1oSbkw1JCZkU"
	argon2Small   = "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$9xa2qwVh+0zHE6+oTfu4fg"
	argon2i       = "$argon2i$v=19$m=1024,t=3,p=4$c2FsdHNhbHRzYWx0$16xvfKoZd1pPfEA8nHwDiBV1RysGmUIL"
)

// Made by crypt(3) of libxcrypt.
const (
	bcrypt2a    = "$2a$05$abcdefghijklmnopqrstuuKmfanVS2OqGXSg54lvwhZuWrDzS4wJK"
	bcrypt2b    = "$2b$05$abcdefghijklmnopqrstuuKmfanVS2OqGXSg54lvwhZuWrDzS4wJK"
	bcrypt2y    = "$2y$05$abcdefghijklmnopqrstuuKmfanVS2OqGXSg54lvwhZuWrDzS4wJK"
	bcryptOf72A = "$2b$05$abcdefghijklmnopqrstuu062DKYTkwNK/1d8JbV6sDE4KFJaUFbu"
	bcryptZoe   = "$2y$06$......................vLHwb9aTBz/42J37Ev5JsZa5OZANX.W"
)

func TestVerifyPasswordKnownAnswers(t *testing.T) {
	cases := []struct {
		name, hash, password string
		want                 bool
	}{
		{"argon2id", argon2Other, "Another#Passw0rd", true},
		{"argon2id, wrong", argon2Other, "another#Passw0rd", false},
		{"argon2id, empty", argon2Other, "", false},
		{"argon2id, zero byte behind", argon2Other, "Another#Passw0rd\x00", false},
		{"argon2id, least parameters", argon2Small, "Another#Passw0rd", true},
		{"argon2id, composed", argon2Unicode, "Zo\u00eb's 3 \u00c4pfel_@", true},
		{"argon2id, decomposed", argon2Unicode, "Zoe\u0308's 3 A\u0308pfel_@", true},
		{"argon2id, without accents", argon2Unicode, "Zoe's 3 Apfel_@", false},
		{"bcrypt 2a", bcrypt2a, "Another#Passw0rd", true},
		{"bcrypt 2b", bcrypt2b, "Another#Passw0rd", true},
		{"bcrypt 2y", bcrypt2y, "Another#Passw0rd", true},
		{"bcrypt, wrong", bcrypt2b, "Another#Passw0rD", false},
		{"bcrypt, empty", bcrypt2b, "", false},
		{"bcrypt, 72 bytes", bcryptOf72A, strings.Repeat("A", 72), true},
		{"bcrypt, 73 bytes with the same beginning", bcryptOf72A, strings.Repeat("A", 73), false},
		{"bcrypt, repeated across a zero byte", bcrypt2b, "Another#Passw0rd\x00Another#Passw0rd", false},
		{"bcrypt, bytes as hashed", bcryptZoe, "Zo\u00eb#Passw0rd", true},
		{"bcrypt, other bytes", bcryptZoe, "Zoe\u0308#Passw0rd", false},
	}
	for _, c := range cases {
		got, err := security.VerifyPassword(c.hash, c.password)
		if err != nil || got != c.want {
			t.Errorf("%s: VerifyPassword = %v, %v, want %v", c.name, got, err, c.want)
		}
	}
}

func TestHashPassword(t *testing.T) {
	const password = "Correct_Horse9"
	form := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`)
	first, second := security.HashPassword(password), security.HashPassword(password)
	if first == second || first[:53] == second[:53] {
		t.Error("two hashes have the same salt")
	}
	for _, hash := range []string{first, second} {
		if !form.MatchString(hash) || len(hash) != 97 {
			t.Errorf("HashPassword gave %q", hash)
		}
		if ok, err := security.VerifyPassword(hash, password); !ok || err != nil {
			t.Errorf("the right password: %v, %v", ok, err)
		}
		if ok, err := security.VerifyPassword(hash, password+"!"); ok || err != nil {
			t.Errorf("a wrong password: %v, %v", ok, err)
		}
	}
}

func TestHashPasswordComposes(t *testing.T) {
	hash := security.HashPassword("Zoe\u0308's 3 A\u0308pfel_@")
	if ok, err := security.VerifyPassword(hash, "Zo\u00eb's 3 \u00c4pfel_@"); !ok || err != nil {
		t.Errorf("the same text, composed: %v, %v", ok, err)
	}
}

func TestVerifyPasswordRefusesHashes(t *testing.T) {
	const salt, tag = "c2FsdHNhbHRzYWx0", "9xa2qwVh+0zHE6+oTfu4fg"
	argon2id := func(params, salt, tag string) string { return "$argon2id$v=19$" + params + "$" + salt + "$" + tag }
	bytes := func(n int) string { return strings.Repeat("A", (8*n+5)/6) }
	cases := map[string]string{
		"empty":                     "",
		"plain text":                "Another#Passw0rd",
		"argon2i":                   argon2i,
		"argon2d":                   strings.Replace(argon2Small, "argon2id", "argon2d", 1),
		"version 16":                strings.Replace(argon2Small, "v=19", "v=16", 1),
		"no version":                strings.Replace(argon2Small, "v=19$", "", 1),
		"no passes":                 argon2id("m=64,t=0,p=1", salt, tag),
		"no lanes":                  argon2id("m=64,t=1,p=0", salt, tag),
		"memory below 8 a lane":     argon2id("m=31,t=1,p=4", salt, tag),
		"memory above 256 MiB":      argon2id("m=262145,t=1,p=1", salt, tag),
		"all the memory":            argon2id("m=4294967295,t=1,p=1", salt, tag),
		"memory overflow":           argon2id("m=4294967360,t=1,p=1", salt, tag),
		"eleven passes":             argon2id("m=64,t=11,p=1", salt, tag),
		"seventeen lanes":           argon2id("m=1024,t=1,p=17", salt, tag),
		"256 lanes":                 argon2id("m=65536,t=1,p=256", salt, tag),
		"negative":                  argon2id("m=64,t=-1,p=1", salt, tag),
		"leading zero":              argon2id("m=064,t=1,p=1", salt, tag),
		"plus sign":                 argon2id("m=+64,t=1,p=1", salt, tag),
		"underscore":                argon2id("m=6_4,t=1,p=1", salt, tag),
		"other order":               argon2id("t=1,m=64,p=1", salt, tag),
		"additional parameter":      argon2id("m=64,t=1,p=1,keyid=AAAA", salt, tag),
		"no salt":                   argon2id("m=64,t=1,p=1", "", tag),
		"salt of 7 bytes":           argon2id("m=64,t=1,p=1", bytes(7), tag),
		"salt of 65 bytes":          argon2id("m=64,t=1,p=1", bytes(65), tag),
		"no tag":                    argon2id("m=64,t=1,p=1", salt, ""),
		"tag of 15 bytes":           argon2id("m=64,t=1,p=1", salt, bytes(15)),
		"tag of 65 bytes":           argon2id("m=64,t=1,p=1", salt, bytes(65)),
		"stray bits in the tag":     argon2id("m=64,t=1,p=1", salt, "9xa2qwVh+0zHE6+oTfu4fh"),
		"padding":                   argon2id("m=64,t=1,p=1", salt, tag+"=="),
		"base64url":                 argon2id("m=64,t=1,p=1", salt, strings.ReplaceAll(tag, "+", "-")),
		"newline in the tag":        argon2id("m=64,t=1,p=1", salt, tag[:8]+"\n"+tag[8:]),
		"newline behind":            argon2Small + "\n",
		"space before":              " " + argon2Small,
		"further part":              argon2Small + "$x",
		"no dollar in front":        argon2Small[1:],
		"cut off":                   argon2Small[:40],
		"bcrypt 2x":                 strings.Replace(bcrypt2b, "2b", "2x", 1),
		"bcrypt 2":                  strings.Replace(bcrypt2b, "2b", "2", 1),
		"bcrypt 1a":                 strings.Replace(bcrypt2b, "2b", "1a", 1),
		"bcrypt cost 3":             strings.Replace(bcrypt2b, "$05", "$03", 1),
		"bcrypt cost 16":            strings.Replace(bcrypt2b, "$05", "$16", 1),
		"bcrypt cost 31":            strings.Replace(bcrypt2b, "$05", "$31", 1),
		"bcrypt cost +5":            strings.Replace(bcrypt2b, "$05", "$+5", 1),
		"bcrypt cost xx":            strings.Replace(bcrypt2b, "$05", "$xx", 1),
		"bcrypt no dollar":          strings.Replace(bcrypt2b, "05$", "05.", 1),
		"bcrypt too short":          bcrypt2b[:59],
		"bcrypt too long":           bcrypt2b + "a",
		"bcrypt, salt not base64":   strings.Replace(bcrypt2b, "abcdef", "abc!ef", 1),
		"bcrypt, digest not base64": bcrypt2b[:59] + "=",
	}
	for name, hash := range cases {
		ok, err := security.VerifyPassword(hash, "Another#Passw0rd")
		if ok || !errors.Is(err, security.ErrUnreadableHash) {
			t.Errorf("%s: VerifyPassword = %v, %v, want ErrUnreadableHash", name, ok, err)
		}
		if err != nil && hash != "" && strings.Contains(err.Error(), hash) {
			t.Errorf("%s: the error quotes the hash", name)
		}
	}
}

// A hash on the bounds is still read; the tags are wrong, so the answer is a plain no.
func TestVerifyPasswordAcceptsItsBounds(t *testing.T) {
	bytes := func(n int) string { return strings.Repeat("A", (8*n+5)/6) }
	for _, hash := range []string{
		"$argon2id$v=19$m=8,t=1,p=1$" + bytes(8) + "$" + bytes(16),
		"$argon2id$v=19$m=128,t=10,p=16$" + bytes(64) + "$" + bytes(64),
		"$argon2id$v=19$m=262144,t=1,p=1$" + bytes(16) + "$" + bytes(32),
		strings.Replace(bcrypt2b, "$05", "$04", 1),
	} {
		if ok, err := security.VerifyPassword(hash, "Another#Passw0rd"); ok || err != nil {
			t.Errorf("VerifyPassword(%q) = %v, %v, want false, nil", hash, ok, err)
		}
	}
}

func TestVerifyPasswordNoticesEveryChangedCharacterOfTheTag(t *testing.T) {
	start := strings.LastIndexByte(argon2Small, '$') + 1
	for i := start; i < len(argon2Small)-1; i++ {
		damaged := []byte(argon2Small)
		damaged[i] = 'A'
		if ok, err := security.VerifyPassword(string(damaged), "Another#Passw0rd"); ok || err != nil {
			t.Errorf("character %d changed: %v, %v", i, ok, err)
		}
	}
}

func TestNeedsRehash(t *testing.T) {
	current := security.HashPassword("Correct_Horse9")
	bytes := func(n int) string { return strings.Repeat("A", (8*n+5)/6) }
	cases := []struct {
		name, hash string
		want       bool
	}{
		{"new", current, false},
		{"of another program, same parameters", "$argon2id$v=19$m=19456,t=2,p=1$" + bytes(16) + "$" + bytes(32), false},
		{"less memory", strings.Replace(current, "m=19456", "m=19455", 1), true},
		{"more memory", strings.Replace(current, "m=19456", "m=19457", 1), true},
		{"fewer passes", strings.Replace(current, "t=2", "t=1", 1), true},
		{"more passes", strings.Replace(current, "t=2", "t=3", 1), true},
		{"more lanes", strings.Replace(current, "p=1", "p=2", 1), true},
		{"shorter salt", "$argon2id$v=19$m=19456,t=2,p=1$" + bytes(15) + "$" + bytes(32), true},
		{"longer tag", "$argon2id$v=19$m=19456,t=2,p=1$" + bytes(16) + "$" + bytes(33), true},
		{"bcrypt 2a", bcrypt2a, true},
		{"bcrypt 2y", bcryptZoe, true},
		{"empty", "", false},
		{"plain text", "Another#Passw0rd", false},
		{"argon2i", argon2i, false},
		{"cut off", current[:40], false},
		{"too much work", strings.Replace(current, "m=19456", "m=262145", 1), false},
		{"bcrypt of too much work", strings.Replace(bcrypt2b, "$05", "$16", 1), false},
	}
	for _, c := range cases {
		if got := security.NeedsRehash(c.hash); got != c.want {
			t.Errorf("%s: NeedsRehash = %v, want %v", c.name, got, c.want)
		}
	}
}

func BenchmarkHashPassword(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		security.HashPassword("Correct_Horse9")
	}
}

func BenchmarkIsKey(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		security.IsKey("ga", onesKey)
	}
}

func BenchmarkHashKey(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		security.HashKey(onesKey)
	}
}

func TestHashingMemory(t *testing.T) {
	for hash, want := range map[string]int{
		"":                                     19456,
		security.HashPassword("correct horse"): 19456,
		"$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21l$RdescudvJCsgt3ub+b9d6Z3pZ0Jb8cN1oMFHrgcNhK0": 65536,
		"$2b$10$abcdefghijklmnopqrstuuKq7lZ0J0m0Zs4sQ0mQy0xkz0yq0xkz0":                                4,
		"nonsense": 4,
	} {
		if got := security.HashingMemory(hash); got != want {
			t.Errorf("%q takes %d KiB, want %d", hash, got, want)
		}
	}
}
