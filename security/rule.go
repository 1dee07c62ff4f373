package security

import (
	"crypto/rand"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	minPasswordLength = 9    // characters
	maxPasswordLength = 1024 // bytes; keeps the work before and in the hash small
	specialCharacters = `@_!#$%^&*()<>?/\|}{~:`

	// No 0 O o, no 1 I l, which look alike. 56 characters.
	readable = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"
)

// RuleError says that something a client sent breaks a rule. It is used as a value, never as a
// pointer: errors.As needs a RuleError, and two of them compare with ==.
type RuleError struct {
	Code   string // stable, in snake_case, for programs
	Detail string // one English sentence for people; never holds what the client sent
}

// Error returns the Detail.
func (e RuleError) Error() string { return e.Detail }

// CheckPassword returns every rule of the default policy that the password breaks, always in
// this order, or nil if it breaks none:
//
//	password_too_short     more than 8 characters are needed
//	password_no_digit      a digit is needed (Unicode category Nd)
//	password_no_uppercase  an upper-case letter is needed (Unicode category Lu)
//	password_no_special    one of @_!#$%^&*()<>?/\|}{~: is needed
//
// Characters are Unicode code points in normalization form C, the form that [HashPassword]
// hashes, so that the answer does not depend on the keyboard. [CheckAnyPassword] has the
// rules that every policy needs besides.
func CheckPassword(password string) []RuleError {
	var list ruleErrors
	text := norm.NFC.String(password)
	list.require(utf8.RuneCountInString(text) >= minPasswordLength, "password_too_short", "The password must be longer than 8 characters.")
	list.require(strings.ContainsFunc(text, unicode.IsDigit), "password_no_digit", "The password must contain a digit.")
	list.require(strings.ContainsFunc(text, unicode.IsUpper), "password_no_uppercase", "The password must contain an upper-case letter.")
	list.require(strings.ContainsAny(text, specialCharacters), "password_no_special", "The password must contain one of "+specialCharacters)
	return list
}

// CheckAnyPassword returns the rules that the password breaks of those that hold under any
// policy, always in this order, or nil if it breaks none. Their codes are none of
// [CheckPassword]'s:
//
//	password_missing            the password must not be empty
//	password_too_long           at most 1024 bytes of UTF-8 are accepted
//	password_invalid_text       the text must be UTF-8 without control characters
//	password_common             it must be more than common words
//	password_contains_identity  it must contain none of the identities
//
// The last two are the blocklist that NIST SP 800-63B-4 section 3.1.1.2 asks for, with common
// passwords, and words from the context such as the username. They are judged only if the rules
// before them are kept.
//
// A password is common if nearly all of it is one or two of some 250 common words and names, runs
// on the keyboard, sequences (abc, 123) or a short repeated text; or one of some 48,000 passwords
// of breaches, of which 3,500 have more than 8 characters, or one of them with such a word. Digits,
// punctuation, a single letter more, repetition, reading backwards and the usual substitutions
// (@ and 4 for a, 3 for e, 1 and ! for i and l, 0 for o, $ and 5 for s, 7 for t) hardly count. A
// passphrase may hold common words among others.
//
// Identities are the username, the email address, and whatever else is known of the person or
// the service. Of an address, what is before the '@', and before a '+' in that, counts by itself.
// Each of at least 4 characters is looked for without regard to case, width, composition,
// punctuation, direction and the same substitutions.
func CheckAnyPassword(password string, identities ...string) []RuleError {
	var list ruleErrors
	list.require(password != "", "password_missing", "The password must not be empty.")
	list.require(len(password) <= maxPasswordLength, "password_too_long", "The password must not be longer than 1024 bytes.")
	list.require(isPlainText(password), "password_invalid_text", "The password must be valid UTF-8 text without control characters.")
	if list != nil {
		return list
	}
	text := comparableText(password)
	list.require(!isCommon(text), "password_common", "The password must be more than common words, sequences and digits, which are guessed first.")
	list.require(!containsIdentity(text, identities), "password_contains_identity", "The password must not contain the username or the email address.")
	return list
}

// ruleErrors collects the rules that are broken.
type ruleErrors []RuleError

func (list *ruleErrors) require(ok bool, code, detail string) {
	if !ok {
		*list = append(*list, RuleError{Code: code, Detail: detail})
	}
}

// ProposePassword returns a new random password that satisfies [CheckPassword], and
// [CheckAnyPassword] with these identities: four groups of five letters and digits joined by
// underscores, 23 characters in all. No two of its characters are easily mistaken for each other,
// and it can be pasted into a shell, JSON or a URL as it is.
//
// The 20 random characters are drawn evenly from 56, and the whole is drawn again until it
// follows the rules (about one in twenty has no digit), so that each possible password is
// equally likely. That leaves more than 116 bits of entropy.
func ProposePassword(identities ...string) string {
	for {
		proposal := randomGroup() + "_" + randomGroup() + "_" + randomGroup() + "_" + randomGroup()
		if CheckPassword(proposal) == nil && CheckAnyPassword(proposal, identities...) == nil {
			return proposal
		}
	}
}

func randomGroup() string {
	group := make([]byte, 5)
	for i := range group {
		group[i] = readable[randomBelow(len(readable))]
	}
	return string(group)
}

// randomBelow returns an even random number from 0 to n-1, n at most 256. A byte from the
// incomplete last run of n values would favour the small ones and is drawn again.
func randomBelow(n int) int {
	var b [1]byte
	for {
		rand.Read(b[:])
		if int(b[0]) < 256/n*n {
			return int(b[0]) % n
		}
	}
}

func isPlainText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
