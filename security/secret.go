package security

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"
)

const (
	secretBytes     = 32 // 256 random bits
	minSecretLength = 32 // 128 bits written in hexadecimal
	redacted        = "security.Secrets(redacted)"
)

// NewSecret returns a new admin secret: 256 random bits from crypto/rand as 43 characters of
// base64url (RFC 4648 section 5) without padding, which need no quoting in a shell, a header, an
// .env file or a URL.
func NewSecret() string {
	random := make([]byte, secretBytes)
	rand.Read(random)
	return base64.RawURLEncoding.EncodeToString(random)
}

// IsWeakSecret reports whether the secret has fewer than 32 characters. 32 is the length of 128
// bits in hexadecimal (openssl rand -hex 16), and 128 bits is the security strength that NIST
// SP 800-57 Part 1 Rev. 5 (table 4) accepts beyond the year 2030. A longer secret is not
// necessarily strong: only its length is looked at.
func IsWeakSecret(secret string) bool {
	return len(secret) < minSecretLength
}

// Secrets is the set of admin secrets that are valid at the moment. It keeps only their SHA-256
// digests, so that nothing that prints or dumps it can show a secret. The zero value matches
// nothing. A Secrets never changes and may be copied and shared.
type Secrets struct {
	digests [][sha256.Size]byte
}

// NewSecrets accepts one secret, or two (the current and the previous one) so that a secret can
// be changed without an instant at which some client must fail. A secret travels in a request
// header, hence it must consist of printable ASCII characters and neither begin nor end with a
// space; it must not be empty. The error says which secret is wrong by position and never
// quotes it.
func NewSecrets(secrets ...string) (Secrets, error) {
	if len(secrets) != 1 && len(secrets) != 2 {
		return Secrets{}, errors.New("one or two secrets are needed: the current one and, while it is being replaced, the previous one")
	}
	var s Secrets
	for i, secret := range secrets {
		if err := checkSecret(secret); err != nil {
			return Secrets{}, errors.New([]string{"first", "second"}[i] + " secret: " + err.Error())
		}
		s.digests = append(s.digests, sha256.Sum256([]byte(secret)))
	}
	return s, nil
}

// Match reports whether candidate is one of the secrets. The digests are compared in constant
// time, each of them whatever the others gave, so that the time taken tells neither how much of
// a secret was guessed nor which one matched. The empty string never matches, since NewSecrets
// accepts no empty secret.
func (s Secrets) Match(candidate string) bool { return s.Position(candidate) > 0 }

// Position returns which of the secrets candidate is: 1 for the current one, 2
// for the previous one, 0 for none. It takes the same time for each of them.
func (s Secrets) Position(candidate string) int {
	digest := sha256.Sum256([]byte(candidate))
	position := 0
	for i := len(s.digests) - 1; i >= 0; i-- { // of two that are the same, it is the first
		position = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(s.digests[i][:], digest[:]), i+1, position)
	}
	return position
}

// String returns a fixed text, so that printing a Secrets shows not even its digests: the digest
// of a weak secret could be guessed.
func (s Secrets) String() string { return redacted }

// GoString returns the same fixed text as String, for the verb %#v.
func (s Secrets) GoString() string { return redacted }

func checkSecret(secret string) error {
	if strings.TrimSpace(secret) == "" {
		return errors.New("it is empty")
	}
	if strings.TrimSpace(secret) != secret {
		return errors.New("it begins or ends with white space")
	}
	for i := range len(secret) {
		if secret[i] < ' ' || secret[i] > '~' {
			return errors.New("it holds a character that is not printable ASCII")
		}
	}
	return nil
}
