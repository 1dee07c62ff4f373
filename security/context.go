package security

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// minIdentityLength is what an identity has at least, in characters; shorter ones are in too many
// words by chance.
const minIdentityLength = 4

// containsIdentity reports whether the password, which [comparableText] wrote, holds one of the
// identities in either direction, with or without punctuation.
func containsIdentity(password string, identities []string) bool {
	text, bare := skeleton(password), skeleton(withoutSigns(password))
	for _, identity := range identities {
		for _, part := range identityParts(comparableText(identity)) {
			if holds(text, skeleton(part)) || holds(bare, skeleton(withoutSigns(part))) {
				return true
			}
		}
	}
	return false
}

// identityParts returns the identity, the local part if it is an email address, and that without
// the tag ("name+tag@example.org").
func identityParts(identity string) []string {
	local := identity[:max(strings.LastIndexByte(identity, '@'), 0)]
	name, _, _ := strings.Cut(local, "+")
	return []string{identity, local, name}
}

func holds(password, identity string) bool {
	if utf8.RuneCountInString(identity) < minIdentityLength {
		return false
	}
	return strings.Contains(password, identity) || strings.Contains(password, reversed(identity))
}

// comparableText writes the text as everybody means it: without regard to case, width (which
// normalization form KC takes away) and composition.
func comparableText(text string) string {
	return strings.ToLower(norm.NFKC.String(text))
}
