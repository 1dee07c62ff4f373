package security

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/unicode/norm"
)

// ErrUnreadableHash is returned by [VerifyPassword] when the stored hash is not one it
// understands, or asks for more work than it is willing to do. The stored data is at fault then,
// not the person who gives the password.
var ErrUnreadableHash = errors.New("the stored password hash cannot be read")

const (
	// Longest password that bcrypt looks at; implementations ignore what comes after.
	maxBcryptPassword = 72
	// About two seconds on a server of 2025; each step doubles it. OWASP asks for 10 or more.
	maxBcryptCost = 15

	bcryptLength   = 60 // "$2b$10$", 22 characters of salt, 31 of hash
	bcryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// HashPassword returns the Argon2id hash (RFC 9106, version 0x13) of the password with a new
// random salt, as a PHC string:
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<tag>
//
// Memory (19456 KiB), passes (2) and lanes (1) are those of the OWASP Password Storage Cheat
// Sheet; the salt has 16 bytes and the tag 32, both in base64 without padding. The string is 97
// characters long. Each call takes 19 MiB of memory for some tens of milliseconds, so callers
// limit how many run at once.
//
// The password is hashed in Unicode's normalization form C, as RFC 8265 (OpaqueString) does:
// otherwise "é" typed on one keyboard and on another could be two different passwords. Whether
// the password is a good one is for [CheckAnyPassword] and [CheckPassword] to say.
func HashPassword(password string) string {
	h := currentArgon2()
	rand.Read(h.salt)
	h.tag = h.derive(norm.NFC.String(password))
	return h.String()
}

// VerifyPassword reports whether the password is the one that was hashed. A wrong password is
// (false, nil); a hash that cannot be verified is (false, [ErrUnreadableHash]).
//
// The hash may be what [HashPassword] returns, Argon2id with other parameters, or bcrypt
// ($2a$, $2b$, $2y$) from another system. Parameters are bounded, so that a tampered hash can
// neither exhaust the memory nor occupy a processor for more than some seconds: Argon2id with at
// most 256 MiB, 10 passes, 16 lanes, 8 to 64 bytes of salt and 16 to 64 of tag; bcrypt with cost
// 4 to 15. Tags are compared in constant time.
//
// A password of more than 1024 bytes, which [CheckAnyPassword] refuses, is never right, and
// nothing is hashed. Argon2id hashes the password in normalization form C, see [HashPassword]. For bcrypt it is
// taken byte for byte, as other systems do, and a password that bcrypt cannot tell from another
// one, longer than 72 bytes or with a zero byte in it, is never right.
func VerifyPassword(hash, password string) (bool, error) {
	if isBcrypt(hash) {
		return verifyBcrypt(hash, password), nil
	}
	h, err := parseArgon2(hash)
	if err != nil {
		return false, err
	}
	if len(password) > maxPasswordLength {
		return false, nil
	}
	tag := h.derive(norm.NFC.String(password))
	return subtle.ConstantTimeCompare(tag, h.tag) == 1, nil
}

// VerifyNobody does for the password of a user who does not exist what [VerifyPassword] does with
// a hash of [HashPassword], and answers nothing. A caller who refuses unknown users only after it
// takes as long for them as for a wrong password, so that the time does not tell who is
// registered (OWASP Authentication Cheat Sheet, "Authentication and Error Messages"). Hashes for
// which [NeedsRehash] is true take another time, until they are renewed.
func VerifyNobody(password string) {
	_, _ = VerifyPassword(currentArgon2().String(), password)
}

// NeedsRehash reports whether a password that matched the hash should be hashed anew with
// [HashPassword]: the hash is bcrypt, or Argon2id with other parameters, stronger ones included,
// or other lengths of salt or tag. It is false for what HashPassword returns, and for what
// [VerifyPassword] cannot read: no password ever matches that, and it is kept as it is for
// whoever looks for the fault.
func NeedsRehash(hash string) bool {
	if isBcrypt(hash) {
		return true
	}
	h, err := parseArgon2(hash)
	return err == nil && !h.costsAs(currentArgon2())
}

// isBcrypt reports whether the hash is a well-formed bcrypt hash of bearable cost. The version
// $2x$ marks hashes of a known-broken implementation and is not among them.
func isBcrypt(hash string) bool {
	if len(hash) != bcryptLength || hash[6] != '$' {
		return false
	}
	version := hash[:4]
	if version != "$2a$" && version != "$2b$" && version != "$2y$" {
		return false
	}
	cost, err := strconv.ParseUint(hash[4:6], 10, 8)
	if err != nil || int(cost) < bcrypt.MinCost || cost > maxBcryptCost {
		return false
	}
	return strings.Trim(hash[7:], bcryptAlphabet) == ""
}

// verifyBcrypt reports whether the password matches a hash that isBcrypt accepted, for which a
// mismatch is the only error left.
func verifyBcrypt(hash, password string) bool {
	if len(password) > maxBcryptPassword || strings.Contains(password, "\x00") {
		return false
	}
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
}

// HashingMemory returns how much memory verifying a password against the hash takes, in KiB; for
// an empty hash, how much HashPassword and VerifyNobody take. Bcrypt takes next to none, and so
// does a hash that cannot be read.
func HashingMemory(hash string) int {
	if hash == "" {
		return int(currentArgon2().memory)
	}
	h, err := parseArgon2(hash)
	if err != nil {
		return 4
	}
	return int(h.memory)
}
