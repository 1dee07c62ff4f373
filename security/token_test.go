package security_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/security"
)

const (
	tokenOwner  = "0198c0de-7a11-7000-8000-000000000001"
	tokenRandom = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" // the bytes 0 to 31
)

func TestNewToken(t *testing.T) {
	seen := map[string]bool{}
	var every, none [32]byte
	for i := range every {
		none[i] = 0xff
	}
	for range 200 {
		token := security.NewToken(tokenOwner)
		random, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimPrefix(token, tokenOwner+"."))
		if err != nil || len(random) != 32 {
			t.Fatalf("NewToken gave %q: %v", token, err)
		}
		for i, b := range random {
			every[i] |= b
			none[i] &= b
		}
		seen[token] = true
	}
	if len(seen) != 200 {
		t.Error("a token was given twice")
	}
	if every != [32]byte([]byte(strings.Repeat("\xff", 32))) || none != [32]byte{} {
		t.Error("a bit is the same in 200 tokens")
	}
}

func TestParseToken(t *testing.T) {
	id64 := strings.Repeat("x", 64)
	cases := []struct{ name, text, want string }{
		{"a token", tokenOwner + "." + tokenRandom, tokenOwner},
		{"shortest id", "7." + tokenRandom, "7"},
		{"longest id", id64 + "." + tokenRandom, id64},
		{"first and last visible characters", "!~." + tokenRandom, "!~"},
		{"other alphabet characters", "7." + strings.Repeat("-_", 21) + "8", "7"},
		{"empty", "", ""},
		{"a dot", ".", ""},
		{"no id", "." + tokenRandom, ""},
		{"no dot", tokenRandom, ""},
		{"id only", tokenOwner, ""},
		{"nothing behind the dot", tokenOwner + ".", ""},
		{"id of 65", id64 + "x." + tokenRandom, ""},
		{"space in the id", "a b." + tokenRandom, ""},
		{"delete in the id", "a\x7f." + tokenRandom, ""},
		{"zero byte in the id", "a\x00." + tokenRandom, ""},
		{"newline in the id", "a\n." + tokenRandom, ""},
		{"id not ASCII", "é." + tokenRandom, ""},
		{"id not UTF-8", "\xff." + tokenRandom, ""},
		{"dot in the id", "a.b." + tokenRandom, ""},
		{"two dots", "a.." + tokenRandom, ""},
		{"42 characters", "7." + tokenRandom[:42], ""},
		{"44 characters", "7." + tokenRandom + "A", ""},
		{"padding", "7." + tokenRandom + "=", ""},
		{"stray bits", "7." + tokenRandom[:42] + "9", ""},
		{"base64 with slash", "7." + strings.Repeat("/", 42) + "8", ""},
		{"newline in place of a character", "7." + tokenRandom[:42] + "\n", ""},
		{"newline in between", "7." + tokenRandom[:20] + "\n" + tokenRandom[20:], ""},
		{"newline behind", "7." + tokenRandom + "\n", ""},
		{"space before", " 7." + tokenRandom, ""},
		{"31 bytes and two newlines", "7." + tokenRandom[:41] + "\r\n", ""},
		{"very long", strings.Repeat("7.", 1<<20), ""},
	}
	for _, c := range cases {
		userID, ok := security.ParseToken(c.text)
		if userID != c.want || ok != (c.want != "") {
			t.Errorf("%s: ParseToken = %q, %v, want %q", c.name, userID, ok, c.want)
		}
	}
}

func TestHashTokenIsSHA256OfAllOfIt(t *testing.T) {
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // of "abc", FIPS 180-4
	if hash := security.HashToken("abc"); hex.EncodeToString(hash[:]) != want {
		t.Errorf("HashToken = %x", hash)
	}
}

func TestMatchToken(t *testing.T) {
	token := tokenOwner + "." + tokenRandom
	digest := sha256.Sum256([]byte(token))
	empty, formless := sha256.Sum256(nil), sha256.Sum256([]byte("7."))
	cases := []struct {
		name  string
		hash  []byte
		token string
		want  bool
	}{
		{"the token", digest[:], token, true},
		{"another user's id", digest[:], strings.Replace(token, "1.", "2.", 1), false},
		{"another random part", digest[:], tokenOwner + "." + strings.Replace(tokenRandom, "Q", "R", 1), false},
		{"case of the id", digest[:], strings.ToUpper(tokenOwner) + "." + tokenRandom, false},
		{"no hash", nil, token, false},
		{"empty hash", []byte{}, token, false},
		{"no hash, no token", nil, "", false},
		{"a beginning of the hash", digest[:31], token, false},
		{"hash with a byte behind", append(digest[:], 0), token, false},
		{"the token in the hash's place", []byte(token), token, false},
		{"hash of nothing", empty[:], "", false},
		{"hash of what is no token", formless[:], "7.", false},
	}
	for _, c := range cases {
		if got := security.MatchToken(c.hash, c.token); got != c.want {
			t.Errorf("%s: MatchToken = %v, want %v", c.name, got, c.want)
		}
	}
}

func TestMatchTokenNoticesEveryBitOfTheHash(t *testing.T) {
	token := security.NewToken("7")
	for bit := range 256 {
		hash := security.HashToken(token)
		if hash[bit/8] ^= 1 << (bit % 8); security.MatchToken(hash[:], token) {
			t.Errorf("bit %d of the hash does not matter", bit)
		}
	}
}

// FuzzParseToken compares the form with a regular expression.
func FuzzParseToken(f *testing.F) {
	for _, s := range []string{"", ".", "7." + tokenRandom, tokenOwner + "." + tokenRandom, "a.b." + tokenRandom, "7." + tokenRandom[:42] + "9", "\xff." + tokenRandom} {
		f.Add(s)
	}
	form := regexp.MustCompile(`^([!-\-/-~]{1,64})\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$`)
	f.Fuzz(func(t *testing.T, text string) {
		userID, ok := security.ParseToken(text)
		found := form.FindStringSubmatch(text)
		if ok != (found != nil) || ok && userID != found[1] || !ok && userID != "" {
			t.Errorf("ParseToken(%q) = %q, %v", text, userID, ok)
		}
		hash := security.HashToken(text)
		if security.MatchToken(hash[:], text) != ok || security.MatchToken(nil, text) {
			t.Errorf("MatchToken takes %q for something else than ParseToken", text)
		}
	})
}
