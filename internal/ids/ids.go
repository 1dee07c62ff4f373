// Package ids makes and reads the ids of keys and users.
package ids

import "github.com/google/uuid"

// New returns a UUID that sorts by time (version 7, RFC 9562).
func New() string { return uuid.Must(uuid.NewV7()).String() }

// Canonical returns an id as ginauth writes it. Clients may write it in upper
// case, as a URN (RFC 9562, section 4), in braces or without hyphens. Any other
// text gives "".
func Canonical(text string) string {
	if uuid.Validate(text) != nil { // uuid.Parse would accept other characters for the braces
		return ""
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return ""
	}
	return id.String()
}
