package security

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

const (
	tokenBytes        = 32 // 256 random bits
	maxTokenUserID    = 64
	tokenRandomLength = 43 // base64url characters for 32 bytes, without padding
)

// NewToken returns a new token for a link in a mail, which confirms an address or resets a
// password:
//
//	<user's id>.<43 characters of base64url: 256 random bits>
//
// The id tells whose hash to compare the token with, so that nothing is ever looked up by a
// secret; it proves nothing, the random part (crypto/rand) does. The caller stores its purpose and
// its end beside the hash. The id must have 1 to 64 visible ASCII
// characters, none of them a '.', as every UUID has. NewToken cannot fail.
func NewToken(userID string) string {
	random := make([]byte, tokenBytes)
	rand.Read(random)
	return userID + "." + base64.RawURLEncoding.EncodeToString(random)
}

// ParseToken returns the user's id if the text has exactly the form that [NewToken] writes, and
// says nothing about whether such a token was ever issued. A token has one spelling only: stray
// bits in the last character (RFC 4648 section 3.5) are refused.
func ParseToken(text string) (userID string, ok bool) {
	if len(text) > maxTokenUserID+1+tokenRandomLength { // so the id is too long, or what follows
		return "", false
	}
	userID, encoded, _ := strings.Cut(text, ".")
	random, _ := base64.RawURLEncoding.DecodeString(encoded)
	if len(random) != tokenBytes || base64.RawURLEncoding.EncodeToString(random) != encoded {
		return "", false
	}
	if !isTokenUserID(userID) {
		return "", false
	}
	return userID, true
}

func isTokenUserID(id string) bool {
	isInvisible := func(r rune) bool { return r <= ' ' || r > '~' }
	return id != "" && !strings.ContainsFunc(id, isInvisible)
}

// HashToken returns the SHA-256 of the whole token, 32 bytes: what is stored in its place. A fast
// hash is enough for the reason that [HashKey] gives.
func HashToken(token string) [sha256.Size]byte {
	return sha256.Sum256([]byte(token))
}

// MatchToken reports whether the stored hash is that of the token. It takes the same time
// wherever the two differ. A text without a token's form matches no hash, and a hash that is not 32
// bytes long, such as that of a user without a token, matches nothing.
func MatchToken(hash []byte, token string) bool {
	if _, ok := ParseToken(token); !ok {
		return false
	}
	digest := HashToken(token)
	return subtle.ConstantTimeCompare(hash, digest[:]) == 1
}
