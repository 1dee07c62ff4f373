package keys

import (
	"time"

	"github.com/ginauth/ginauth/problem"
)

// DateForms says how a date is written; calls that read dates quote it.
const DateForms = "This must be a date (2006-01-02), or a date and time as in RFC 3339 (2006-01-02T15:04:05Z, in UTC if it names no zone)"

// validity returns the expiration date that is asked for, zero for never. That
// of a user's key is bounded by the policy.
func (s *Service) validity(date time.Time, never bool, now time.Time, isUsers bool) (time.Time, []problem.Field) {
	date = date.UTC().Truncate(time.Millisecond) // as it is stored
	latest := now.Add(s.policy.MaxLifetime)
	isTooLate := func(date time.Time) bool {
		return isUsers && s.policy.MaxLifetime > 0 && (date.IsZero() || date.After(latest))
	}
	automatic := now.Add(s.policy.AutomaticExpiration)
	switch {
	case never && !date.IsZero():
		return now, invalidDate("expiration_date_superfluous", "Send either never_expires or expiration_date.")
	case never && isTooLate(time.Time{}):
		return now, tooLate("never_expires", latest)
	case never:
		return time.Time{}, nil
	case date.IsZero() && isTooLate(automatic):
		return latest, nil
	case date.IsZero():
		return automatic, nil
	case !IsWritable(date):
		return now, invalidDate("expiration_date_invalid", DateForms+".")
	case !date.After(now):
		return now, invalidDate("expiration_date_past", "This must be in the future.")
	case isTooLate(date):
		return now, tooLate("expiration_date", latest)
	}
	return date, nil
}

// IsWritable reports whether RFC 3339 can write the date in an answer.
func IsWritable(date time.Time) bool { return date.Year() <= 9999 }

func invalidDate(code, detail string) []problem.Field {
	return []problem.Field{problem.NewField("expiration_date", code, detail)}
}

func tooLate(field string, latest time.Time) []problem.Field {
	return []problem.Field{problem.NewField(field, "expiration_too_late", "The latest date that is allowed is "+latest.Format(time.RFC3339)+".")}
}
