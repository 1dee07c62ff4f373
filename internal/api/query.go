package api

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ginauth/ginauth/internal/fields"
	"github.com/ginauth/ginauth/internal/ids"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// Query gathers what is wrong with the parameters of a call.
type Query struct{ errors []problem.Field }

// NoQuery is what the parameters of a call without any ask for.
type NoQuery struct{}

// Set refuses each parameter.
func (NoQuery) Set(p *Query, name, _ string) { p.refuse(name, "This call has no parameters.") }

// parseQuery hands each parameter to set, which refuses those that the call
// does not have: a misspelt filter would show more than was asked for.
func parseQuery(rawQuery string, set func(p *Query, name, value string)) error {
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return problem.Invalid("query_invalid", "The query cannot be read.")
	}
	p := &Query{}
	for name, values := range unified(query) {
		switch {
		case len(values) != 1 || values[0] == "":
			p.refuse(name, "Send this parameter once, with a value, or leave it out.")
		case !utf8.ValidString(values[0]) || strings.Contains(values[0], "\x00"): // no store can look for it
			p.refuse(name, "This must be text in UTF-8.")
		default:
			set(p, name, values[0])
		}
	}
	return p.err()
}

// unified takes a parameter that is repeated with the same value for one, and several
// values of by and of status for one list, under the name that clients give to lists,
// too.
func unified(query url.Values) url.Values {
	unified, lists := url.Values{}, []string{"by", "status"}
	for name, values := range query {
		if slices.Contains(lists, strings.TrimSuffix(name, "[]")) {
			name = strings.TrimSuffix(name, "[]")
		}
		unified[name] = append(unified[name], values...)
	}
	for name, values := range unified {
		slices.Sort(values)
		unified[name] = slices.Compact(values)
	}
	for _, name := range lists {
		if values := unified[name]; len(values) > 1 && !slices.Contains(values, "") {
			unified[name] = []string{strings.Join(values, ",")}
		}
	}
	return unified
}

// err reports all that was refused, in a fixed order.
func (p *Query) err() error {
	if len(p.errors) == 0 {
		return nil
	}
	slices.SortFunc(p.errors, func(a, b problem.Field) int { return strings.Compare(a.Field, b.Field) })
	return problem.InvalidFields(p.errors...)
}

func (p *Query) refuse(name, detail string) {
	p.errors = append(p.errors, problem.NewField(name, "parameter_invalid", detail))
}

// RefuseUnknown refuses a parameter that the call does not have, and names those that it
// has.
func (p *Query) RefuseUnknown(name string, known ...string) {
	p.refuse(name, "This call has no such parameter; it has "+strings.Join(known, ", ")+".")
}

// canonical reads a name or an address by a rule of package security.
func (p *Query) canonical(name, value string, rule func(string) (string, error)) string {
	canonical, err := rule(value)
	p.errors = fields.Append(p.errors, name, err)
	return canonical
}

// flag reads true or false, as clients write them.
func (p *Query) flag(name, value string) *bool {
	set := slices.Contains([]string{"true", "1", "yes", "on", "t", "y"}, strings.ToLower(value))
	if !set && !slices.Contains([]string{"false", "0", "no", "off", "f", "n"}, strings.ToLower(value)) {
		p.refuse(name, "This must be true or false.")
	}
	return &set
}

func (p *Query) limit(name, value string) int {
	limit, err := strconv.Atoi(value)
	if err != nil || limit < 1 || limit > repository.MaxLimit {
		p.refuse(name, "This must be a number from 1 to "+strconv.Itoa(repository.MaxLimit)+".")
	}
	return limit
}

// parseEnum accepts one of a few values.
func parseEnum[T ~string](p *Query, name, value string, allowed ...T) T {
	if !slices.Contains(allowed, T(value)) {
		var names []string
		for _, one := range allowed {
			names = append(names, string(one))
		}
		p.refuse(name, "This must be one of "+strings.Join(names, ", ")+".")
	}
	return T(value)
}

// spacedZone is a zone whose + was not escaped: in a query that is a space.
var spacedZone = regexp.MustCompile(`(:\d\d(?:\.\d+)?) (\d\d:?\d\d)$`)

// date reads a date with a time, or a plain date, which stands for so much after the
// beginning of that day.
func (p *Query) date(name, value string, plain time.Duration) time.Time {
	date, err := time.Parse(time.DateOnly, value)
	if err == nil {
		date = date.Add(plain)
	} else {
		date, err = parseTime(spacedZone.ReplaceAllString(value, "$1+$2"))
	}
	if err != nil || date.UTC().Year() < 1970 {
		p.refuse(name, keys.DateForms+", from 1970 on.")
	}
	return date.UTC()
}

func (p *Query) breakdown(name, value string) (by repository.Breakdown) {
	dimensions := map[string]*bool{"key": &by.Key, "user": &by.User, "route": &by.Route}
	for part := range strings.SplitSeq(value, ",") {
		dimension, ok := dimensions[part]
		if !ok {
			p.refuse(name, "This must be key, user or route, or several of them separated by commas.")
			break
		}
		*dimension = true
	}
	return by
}

// ID reads the id of a key or user.
func (p *Query) ID(value string) string { return p.id("id", value) }

func (p *Query) id(name, value string) string {
	for _, invalid := range fields.ID(value) {
		invalid.Field = name
		p.errors = append(p.errors, invalid)
	}
	return ids.Canonical(value)
}

// hint reads the beginning of a key, and refuses the whole one.
func (p *Query) hint(name, value string) string {
	if security.Hint(value) != "" {
		p.refuse(name, "This must be a hint as lists show it, never a whole key: send that to the call lookup.")
	}
	return value
}

// statuses reads one state of keys, or several that are separated by commas.
func (p *Query) statuses(name, value string) []models.Status {
	statuses := []models.Status{}
	for part := range strings.SplitSeq(value, ",") {
		statuses = append(statuses, parseEnum(p, name, part, models.StatusActive, models.StatusExpired, models.StatusRevoked, models.StatusDisabled, models.StatusDeleted))
	}
	return statuses
}
