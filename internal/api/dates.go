package api

import "time"

// unreadable stands for a date that cannot be read: services refuse it together
// with whatever else is wrong, since RFC 3339 cannot write it.
func unreadable() time.Time { return time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) }

// ReadDate reads a date, the zero time if there is none. The services refuse one
// that cannot be read.
func ReadDate(text *string) time.Time {
	if text == nil {
		return time.Time{}
	}
	date, err := ParseDate(*text)
	if err != nil || date.IsZero() {
		return unreadable()
	}
	return date
}

// ParseDate reads RFC 3339, cut to milliseconds as the store would, or a plain
// date as the last millisecond of that UTC day.
func ParseDate(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Millisecond), nil
	}
	date, err := time.Parse(time.RFC3339, text)
	return date.UTC().Truncate(time.Millisecond), err
}
