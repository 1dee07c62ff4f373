package api

import (
	"errors"
	"net/http"
	"strings"
	"time"
)

// Date is shown as RFC 3339 in UTC, with three digits of milliseconds always.
type Date time.Time

// MarshalJSON implements json.Marshaler.
func (d Date) MarshalJSON() ([]byte, error) {
	return time.Time(d).UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000Z"`), nil
}

// nullable shows the zero time as null.
func nullable(t time.Time) *Date {
	if t.IsZero() {
		return nil
	}
	return (*Date)(&t)
}

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

// ParseDate reads a date with a time, cut to milliseconds as the store would, or a plain
// date as the last millisecond of that UTC day.
func ParseDate(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Millisecond), nil
	}
	date, err := parseTime(text)
	return date.UTC().Truncate(time.Millisecond), err
}

// parseTime reads RFC 3339, and what the usual functions of Python (isoformat, str) and
// JavaScript (toISOString, toUTCString) write. Go reads fractions of a second by itself.
func parseTime(text string) (time.Time, error) {
	if date, err := time.Parse(http.TimeFormat, text); err == nil {
		return date, nil
	}
	iso := strings.Replace(strings.ToUpper(text), " ", "T", 1)
	for _, clock := range []string{"15:04:05", "15:04"} {
		for _, zone := range []string{"Z07:00", "", "Z0700"} {
			if date, err := time.Parse("2006-01-02T"+clock+zone, iso); err == nil {
				return date, nil
			}
		}
	}
	return time.Time{}, errors.New("this is no date that is known")
}
