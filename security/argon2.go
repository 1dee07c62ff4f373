package security

import (
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Bounds of what is accepted from a stored hash. The upper ones lie above every parameter set of
// the OWASP Password Storage Cheat Sheet. One pass, one lane and 8 KiB for each lane are the least
// that RFC 9106 section 3.1 defines; below them argon2 panics or computes with other parameters
// than the string says. The least salt and tag, 64 and 128 bits, are those of its section 4.
const (
	maxArgon2Memory = 256 * 1024 // KiB
	maxArgon2Passes = 10
	maxArgon2Lanes  = 16
	minSaltLength   = 8
	maxSaltLength   = 64
	minTagLength    = 16
	maxTagLength    = 64
)

// argon2Hash is an Argon2id hash, taken apart. Memory is in KiB.
type argon2Hash struct {
	memory, passes uint32
	lanes          uint8
	salt, tag      []byte
}

// currentArgon2 returns what HashPassword computes hashes with, the salt and the tag still zero:
// a configuration of the OWASP Password Storage Cheat Sheet.
func currentArgon2() argon2Hash {
	return argon2Hash{memory: 19456, passes: 2, lanes: 1, salt: make([]byte, 16), tag: make([]byte, 32)}
}

// costsAs reports whether the other hash has the same parameters and lengths, and so takes the
// same work.
func (h argon2Hash) costsAs(other argon2Hash) bool {
	return h.memory == other.memory && h.passes == other.passes && h.lanes == other.lanes &&
		len(h.salt) == len(other.salt) && len(h.tag) == len(other.tag)
}

// parseArgon2 reads a PHC string. A string that is not exactly what String writes for the values
// found in it (leading zeros, signs, stray bits in the base64, anything before or after) is
// refused, so that a hash has one spelling only.
func parseArgon2(hash string) (argon2Hash, error) {
	var h argon2Hash
	var encoded string
	_, err := fmt.Sscanf(hash, "$argon2id$v=19$m=%d,t=%d,p=%d$%s", &h.memory, &h.passes, &h.lanes, &encoded)
	if err != nil {
		return argon2Hash{}, ErrUnreadableHash
	}
	salt, tag, _ := strings.Cut(encoded, "$")
	h.salt, _ = base64.RawStdEncoding.DecodeString(salt)
	h.tag, _ = base64.RawStdEncoding.DecodeString(tag)
	if h.String() != hash || !h.bounded() {
		return argon2Hash{}, ErrUnreadableHash
	}
	return h, nil
}

// String writes the hash in the PHC string format.
func (h argon2Hash) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.lanes,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.tag))
}

func (h argon2Hash) bounded() bool {
	lanes := uint32(h.lanes)
	return 1 <= lanes && lanes <= maxArgon2Lanes &&
		1 <= h.passes && h.passes <= maxArgon2Passes &&
		8*lanes <= h.memory && h.memory <= maxArgon2Memory &&
		minSaltLength <= len(h.salt) && len(h.salt) <= maxSaltLength &&
		minTagLength <= len(h.tag) && len(h.tag) <= maxTagLength
}

// derive computes the tag for this password, as long as the one that the hash has.
func (h argon2Hash) derive(password string) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, uint32(len(h.tag)))
}
