package ginauth

import (
	"time"

	"github.com/ginauth/ginauth/problem"
)

// expiry says until when a key is to be valid.
type expiry struct {
	NeverExpires bool `json:"never_expires" example:"false"`
	// ExpirationDate is RFC 3339, or a plain date for the end of that UTC day.
	ExpirationDate *string `json:"expiration_date" example:"2099-12-31"`
}

// lifetime is for how long keys are valid: how long unless told otherwise, and how
// long at most, 0 for no limit.
type lifetime struct{ automatic, longest time.Duration }

// userLifetime is that of keys of users.
func (a *Auth) userLifetime() lifetime {
	return lifetime{a.config.AutomaticExpiration, a.config.MaxLifetime}
}

// adminLifetime is that of what administrators set.
func (a *Auth) adminLifetime() lifetime { return lifetime{automatic: a.config.AutomaticExpiration} }

// validity returns the expiration date that is asked for, zero for never.
func (e expiry) validity(now time.Time, lifetime lifetime) (time.Time, []problem.Field) {
	latest := now.Add(lifetime.longest)
	isTooLate := func(date time.Time) bool { return lifetime.longest > 0 && (date.IsZero() || date.After(latest)) }
	switch {
	case e.NeverExpires && e.ExpirationDate != nil:
		return now, []problem.Field{problem.NewField("expiration_date", "expiration_date_superfluous", "Send either never_expires or expiration_date.")}
	case e.NeverExpires && isTooLate(time.Time{}):
		return now, []problem.Field{tooLate("never_expires", latest)}
	case e.NeverExpires:
		return time.Time{}, nil
	case e.ExpirationDate == nil && isTooLate(now.Add(lifetime.automatic)):
		return latest, nil
	case e.ExpirationDate == nil:
		return now.Add(lifetime.automatic), nil
	}
	date, fields := parseExpiration(*e.ExpirationDate, now)
	if len(fields) == 0 && isTooLate(date) {
		fields = []problem.Field{tooLate("expiration_date", latest)}
	}
	return date, fields
}

func tooLate(field string, latest time.Time) problem.Field {
	return problem.NewField(field, "expiration_too_late", "The latest date that is allowed is "+latest.Format(time.RFC3339)+".")
}

// dateForms is what parseDate reads.
const dateForms = "This must be a date (2006-01-02) or a date and time with zone (RFC 3339)"

func parseExpiration(text string, now time.Time) (time.Time, []problem.Field) {
	date, err := parseDate(text)
	if err != nil || !isWritable(date) {
		return date, []problem.Field{problem.NewField("expiration_date", "expiration_date_invalid", dateForms+".")}
	}
	if !date.After(now) {
		return date, []problem.Field{problem.NewField("expiration_date", "expiration_date_past", "This must be in the future.")}
	}
	return date, nil
}

// isWritable reports whether RFC 3339 can write the date in an answer.
func isWritable(date time.Time) bool { return date.Year() <= 9999 }

// parseDate reads RFC 3339, cut to milliseconds as the store would, or a plain
// date as the last millisecond of that UTC day.
func parseDate(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Millisecond), nil
	}
	date, err := time.Parse(time.RFC3339, text)
	return date.UTC().Truncate(time.Millisecond), err
}
