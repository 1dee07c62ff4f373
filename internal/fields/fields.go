// Package fields says what is wrong with the fields of a call.
package fields

import (
	"errors"

	"github.com/ginauth/ginauth/internal/ids"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/security"
)

// Append appends what an error of package security says of a field, if there is
// one.
func Append(fields []problem.Field, name string, err error) []problem.Field {
	var rule security.RuleError
	switch {
	case err == nil:
		return fields
	case errors.As(err, &rule):
		return append(fields, problem.NewField(name, rule.Code, rule.Detail))
	default:
		return append(fields, problem.NewField(name, name+"_invalid", "This cannot be accepted."))
	}
}

// ID says what is wrong with an id. Other text must go no further: it may be a
// key in the wrong field, and ids are logged.
func ID(id string) []problem.Field {
	if id == "" {
		return []problem.Field{problem.Missing("id")}
	}
	if ids.Canonical(id) == "" {
		return []problem.Field{problem.NewField("id", "id_invalid", "This does not have the form of an id (a UUID, RFC 9562).")}
	}
	return nil
}
