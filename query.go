package ginauth

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
)

// defaultLimit is the size of a page when none is asked for.
const defaultLimit = 100

// queryParser gathers what is wrong with the parameters of a call.
type queryParser struct{ errors []problem.Field }

// parseQuery hands each parameter to set, which refuses those that the call
// does not have: a misspelt filter would show more than was asked for.
func parseQuery(rawQuery string, set func(p *queryParser, name, value string)) error {
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return problem.Invalid("query_invalid", "The query cannot be read.")
	}
	p := &queryParser{}
	for name, values := range query {
		switch {
		case len(values) != 1 || values[0] == "":
			p.refuse(name, "Send this parameter once, with a value.")
		case !utf8.ValidString(values[0]) || strings.Contains(values[0], "\x00"): // no store can look for it
			p.refuse(name, "This must be text in UTF-8.")
		default:
			set(p, name, values[0])
		}
	}
	return p.err()
}

// scope is whose keys a list may be of.
type scope int

const (
	anybodys scope = iota
	own
)

// limit takes the parameters that name a user from those of a call on one's own
// keys.
func (s scope) limit(set func(p *queryParser, name, value string)) func(p *queryParser, name, value string) {
	if s == anybodys {
		return set
	}
	return func(p *queryParser, name, value string) {
		if name == "username" || name == "email" {
			p.refuseUnknown(name)
			return
		}
		set(p, name, value)
	}
}

// err reports all that was refused, in a fixed order.
func (p *queryParser) err() error {
	if len(p.errors) == 0 {
		return nil
	}
	slices.SortFunc(p.errors, func(a, b problem.Field) int { return strings.Compare(a.Field, b.Field) })
	return problem.InvalidFields(p.errors...)
}

func (p *queryParser) refuse(name, detail string) {
	p.errors = append(p.errors, problem.NewField(name, "parameter_invalid", detail))
}

func (p *queryParser) refuseUnknown(name string) {
	p.refuse(name, "This call has no such parameter.")
}

// canonical reads a name or an address by a rule of package security.
func (p *queryParser) canonical(name, value string, rule func(string) (string, error)) string {
	canonical, err := rule(value)
	p.errors = appendInvalid(p.errors, name, err)
	return canonical
}

// flag reads true or false.
func (p *queryParser) flag(name, value string) *bool {
	set := oneOf(p, name, value, "true", "false") == "true"
	return &set
}

func (p *queryParser) limit(name, value string) int {
	limit, err := strconv.Atoi(value)
	if err != nil || limit < 1 || limit > repository.MaxLimit {
		p.refuse(name, "This must be a number from 1 to "+strconv.Itoa(repository.MaxLimit)+".")
	}
	return limit
}

// oneOf accepts one of a few values.
func oneOf[T ~string](p *queryParser, name, value string, allowed ...T) T {
	if !slices.Contains(allowed, T(value)) {
		p.refuse(name, "This is none of the values that the call knows.")
	}
	return T(value)
}
