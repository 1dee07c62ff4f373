package ginauth

import (
	"github.com/google/uuid"

	"github.com/ginauth/ginauth/problem"
)

// newID returns a UUID that sorts by time (version 7, RFC 9562).
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// canonicalID returns an id as ginauth writes it. Clients may write it in upper
// case, as a URN (RFC 9562, section 4), in braces or without hyphens. What is no
// id gives "".
func canonicalID(text string) string {
	if uuid.Validate(text) != nil { // uuid.Parse would accept other characters for the braces
		return ""
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return ""
	}
	return id.String()
}

// idErrors says what is wrong with an id. What is no id is not carried on: it
// may be a key in the wrong field, and ids are logged.
func idErrors(id string) []problem.Field {
	if id == "" {
		return []problem.Field{problem.Missing("id")}
	}
	if canonicalID(id) == "" {
		return []problem.Field{problem.NewField("id", "id_invalid", "This does not have the form of an id.")}
	}
	return nil
}

// id reads the id of a key or user.
func (p *queryParser) id(value string) string {
	p.errors = append(p.errors, idErrors(value)...)
	return canonicalID(value)
}
