package security

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"hash/crc32"
	"strings"
)

// DefaultPrefix is what an API key begins with unless the application chooses its own.
const DefaultPrefix = "ga"

const (
	maxPrefixLength = 16
	keyBytes        = 32 // 256 random bits
	randomLength    = 43 // the fewest base62 digits that hold 256 bits: 62^43 > 2^256
	checksumLength  = 6  // the fewest base62 digits that hold 32 bits: 62^6 > 2^32
	hintLength      = 4
	base62          = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// CheckPrefix returns an error unless prefix has 1 to 16 characters, all of them ASCII letters
// or digits, with underscores between them at most, as in sk_live. The last underscore of a
// key always ends the prefix, since none follows, and a double click selects a whole key.
func CheckPrefix(prefix string) error {
	if prefix == "" || len(prefix) > maxPrefixLength {
		return errors.New("a key prefix must have 1 to 16 characters")
	}
	if prefix[0] == '_' || prefix[len(prefix)-1] == '_' {
		return errors.New("a key prefix must begin and end with a letter or a digit")
	}
	for i := range len(prefix) {
		if !isBase62(prefix[i]) && prefix[i] != '_' {
			return errors.New("a key prefix may hold only ASCII letters, digits and underscores")
		}
	}
	return nil
}

// NewKey returns a new API key:
//
//	<prefix>_<43 base62 characters: 256 random bits><6 base62 characters: CRC-32>
//
// The digits of base62 are 0-9, A-Z and a-z, in that order, the most significant one first and
// padded with zeros. The CRC-32 is the IEEE one (polynomial 0xEDB88320, as in Ethernet and gzip)
// of everything before it, prefix and underscore included. It finds typing errors without a
// query and lets leak scanners tell a key from a look-alike; since anybody can compute it, it
// stops no attacker. The random bits are the operating system's (crypto/rand).
//
// The prefix must be one that [CheckPrefix] accepts. NewKey cannot fail.
func NewKey(prefix string) string {
	random := make([]byte, keyBytes)
	rand.Read(random)
	return formatKey(prefix, random)
}

// IsKey reports whether s has the form that [NewKey] gives to a key with this prefix, checksum
// included. It says nothing about whether such a key was ever issued. Every single wrong
// character and every swap of two neighbours in the random part is noticed; of other damage,
// one case in 2^32 is not. IsKey allocates no memory, whatever s is.
func IsKey(prefix, s string) bool {
	body, checksum, ok := splitKey(prefix, s)
	if !ok {
		return false
	}
	sum := crc32IEEE(body)
	for i := checksumLength - 1; i >= 0; i-- {
		if checksum[i] != base62[sum%62] {
			return false
		}
		sum /= 62
	}
	return true
}

// KeyLength returns the number of bytes that every key with this prefix has.
func KeyLength(prefix string) int { return len(prefix) + 1 + randomLength + checksumLength }

// Prefixes are those of the keys that an application accepts: the present one, and
// those of keys that were issued before it changed.
type Prefixes []string

// IsKey reports whether s has the form of a key with one of the prefixes, see [IsKey].
func (p Prefixes) IsKey(s string) bool {
	for _, prefix := range p {
		if IsKey(prefix, s) {
			return true
		}
	}
	return false
}

// HasLength reports whether s is as long as a key with one of the prefixes.
func (p Prefixes) HasLength(s string) bool {
	for _, prefix := range p {
		if len(s) == KeyLength(prefix) {
			return true
		}
	}
	return false
}

// Begin reports whether s begins as a key with one of the prefixes does, in whatever case, and
// so is meant as one.
func (p Prefixes) Begin(s string) bool {
	for _, prefix := range p {
		if len(s) > len(prefix) && s[len(prefix)] == '_' && strings.EqualFold(s[:len(prefix)], prefix) {
			return true
		}
	}
	return false
}

// HashKey returns the SHA-256 of the key (FIPS 180-4), 32 bytes: what is stored in the key's
// place. Passwords need a slow, salted hash because they can be guessed; a key is 256 random
// bits, so that neither guessing nor a precomputed table is possible at any speed, and a fast
// hash costs each request well below a microsecond.
func HashKey(key string) [sha256.Size]byte {
	var buffer [96]byte // longer than any key, so that hashing one allocates nothing
	return sha256.Sum256(append(buffer[:0], key...))
}

// Hint returns what lists may show of a key so that its owner recognises it: the prefix, the
// underscore and the first 4 random characters. These tell at most 24 of the 256 random bits;
// more than 230 remain unknown. The hint of anything that does not have a key's form and
// checksum is empty, because nothing is known about which part of it is secret.
func Hint(key string) string {
	prefix := key[:max(0, strings.LastIndexByte(key, '_'))]
	if CheckPrefix(prefix) != nil || !IsKey(prefix, key) {
		return ""
	}
	return key[:len(prefix)+1+hintLength]
}

// formatKey builds the key that holds these random bytes.
func formatKey(prefix string, random []byte) string {
	body := prefix + "_" + encodeBase62(random, randomLength)
	sum := crc32IEEE(body)
	checksum := []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}
	return body + encodeBase62(checksum, checksumLength)
}

// splitKey separates the checksum from what it is computed over, and reports whether s has the
// length, the prefix and the alphabet of a key.
func splitKey(prefix, s string) (body, checksum string, ok bool) {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok || len(s) != KeyLength(prefix) || rest[0] != '_' {
		return "", "", false
	}
	for i := 1; i < len(rest); i++ {
		if !isBase62(rest[i]) {
			return "", "", false
		}
	}
	end := len(s) - checksumLength
	return s[:end], s[end:], true
}

// encodeBase62 writes the big-endian number in exactly width digits, by long division: each
// round divides the whole number by 62 and its remainder is the next digit from the right.
func encodeBase62(number []byte, width int) string {
	quotient := append([]byte(nil), number...)
	digits := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		remainder := 0
		for j, b := range quotient {
			remainder = remainder<<8 | int(b)
			quotient[j] = byte(remainder / 62)
			remainder %= 62
		}
		digits[i] = base62[remainder]
	}
	return string(digits)
}

// crc32IEEE equals crc32.ChecksumIEEE, but takes a string: the conversion to bytes would
// allocate on every guarded request.
func crc32IEEE(s string) uint32 {
	sum := ^uint32(0)
	for i := range len(s) {
		sum = crc32.IEEETable[byte(sum)^s[i]] ^ sum>>8
	}
	return ^sum
}

func isBase62(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
