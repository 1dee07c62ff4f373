package repositorytest

import (
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func timeTests() []test {
	return []test{
		{"a key's dates come out as UTC in whole milliseconds", keyDates},
		{"so does the date of a change", changeDates},
		{"so does a user's date", userDate},
		{"so does the date of the latest query", queryDate},
		{"the zero time stays zero", zeroTimes},
		{"distant times are kept", distantTimes},
		{"no date is taken for none", epoch},
		{"a change needs a date", undated},
		{"the clock runs", clock},
	}
}

// clockTime is an instant as a clock gives it, in the zone of another country,
// and so close below a whole millisecond that rounding would show.
func clockTime(n int) time.Time {
	return hour(n).Add(123*time.Millisecond + 999_999*time.Nanosecond).In(time.FixedZone("Kathmandu", 20_700))
}

// keptTime is the same instant as it must come out.
func keptTime(n int) time.Time { return hour(n).Add(123 * time.Millisecond) }

func keyDates(s *suite) {
	key := newKey()
	key.CreationDate, key.ExpirationDate, key.RevocationDate = clockTime(1), clockTime(2), clockTime(3)
	s.createKey(key)
	key.CreationDate, key.ExpirationDate, key.RevocationDate = keptTime(1), keptTime(2), keptTime(3)
	same(s, "the key found", s.stored(key), key)
	same(s, "the key listed", s.row(key.ID).APIKey, key)
}

func changeDates(s *suite) {
	key := s.createKey(newKey())
	renewed, _, err := s.repo.RenewKey(s.Context(), actAt(clockTime(4)), key.ID, repository.Renewal{Expiration: clockTime(14)})
	s.succeeds("RenewKey", err)
	same(s, "the expiration", renewed.ExpirationDate, keptTime(14))
	revoked, err := s.repo.RevokeKey(s.Context(), actAt(clockTime(5)), key.ID)
	s.succeeds("RevokeKey", err)
	same(s, "the revocation", revoked.RevocationDate, keptTime(5))
	s.succeeds("DeleteKey", s.repo.DeleteKey(s.Context(), actAt(clockTime(6)), key.ID))
	dates := []time.Time{}
	for _, entry := range s.changeLog()[1:] {
		dates = append(dates, entry.Date)
	}
	same(s, "the dates in the log", dates, []time.Time{keptTime(4), keptTime(5), keptTime(6)})
}

func userDate(s *suite) {
	user := newUser("ana")
	user.CreationDate = clockTime(1)
	s.succeeds("CreateUser", s.repo.CreateUser(s.Context(), attribution(), user, newKeyFor(user)))
	found, err := s.repo.UserByUsername(s.Context(), "ana")
	s.succeeds("UserByUsername", err)
	same(s, "the creation date", found.CreationDate, keptTime(1))
}

func queryDate(s *suite) {
	key := s.createKey(newKey())
	flush := newFlush("node", 1, key.ID)
	flush.Usages[0].LatestQueryDate = clockTime(7)
	s.addUsage(flush)
	same(s, "the latest query", s.row(key.ID).LatestQueryDate, keptTime(7))
}

// Zero in any zone means "not set"; a store that made a date of it would
// expire what never expires and revoke what nobody revoked.
func zeroTimes(s *suite) {
	zero := time.Time{}.In(time.FixedZone("Kathmandu", 20_700))
	key := newKey()
	key.ExpirationDate, key.RevocationDate = zero, zero
	s.createKey(key)
	for _, found := range []models.APIKey{s.stored(key), s.row(key.ID).APIKey} {
		same(s, "the expiration", found.ExpirationDate, time.Time{})
		same(s, "the revocation", found.RevocationDate, time.Time{})
		same(s, "the status long after", found.Status(hour(0).AddDate(500, 0, 0)), models.StatusActive)
	}
	s.addUsage(repository.Flush{Node: "node", Number: 1, Usages: []models.Usage{{KeyID: key.ID, LatestQueryDate: zero}}})
	same(s, "the latest query", s.row(key.ID).LatestQueryDate, time.Time{})
}

func distantTimes(s *suite) {
	for _, date := range []time.Time{
		time.Date(1970, time.January, 1, 0, 0, 0, 1_000_000, time.UTC),
		time.Date(2038, time.January, 19, 3, 14, 8, 0, time.UTC),
		time.Date(9999, time.December, 31, 23, 59, 59, 999_000_000, time.UTC),
	} {
		key := newKey()
		key.CreationDate, key.ExpirationDate, key.RevocationDate = date, date, date
		s.createKey(key)
		same(s, "the key found", s.stored(key), key)
	}
}

// An event at the very epoch counts as one.
func epoch(s *suite) {
	key := newKey()
	key.ExpirationDate = time.UnixMilli(0)
	s.createKey(key)
	if s.stored(key).NeverExpires() {
		s.Error("a key that expired at the epoch never expires")
	}
	revoked, err := s.repo.RevokeKey(s.Context(), actAt(time.UnixMicro(1)), key.ID)
	s.succeeds("RevokeKey", err)
	if !revoked.IsRevoked() || !s.stored(key).IsRevoked() {
		s.Error("a key that was revoked at the epoch is not revoked")
	}
}

func undated(s *suite) {
	user, key := s.createUser("ana")
	newcomer := newUser("bob")
	for name, do := range map[string]func(repository.Attribution) error{
		"CreateKey": creatingKey(s, newKeyFor(user)), "CreateUser": creatingUser(s, newcomer, newKeyFor(newcomer)),
		"RenewKey": renewing(s, key.ID, true), "RevokeKey": revoking(s, key.ID), "DeleteKey": deleting(s, key.ID),
		"UpdateUser": updating(s, user, true), "DeleteUser": deletingUser(s, user.ID),
	} {
		err := do(repository.Attribution{Actor: "admin"})
		if err == nil {
			s.Errorf("%s without a date succeeds", name)
		}
		isNoSentinel(s, name+" without a date", err)
	}
	same(s, "the key", s.stored(key), key)
	same(s, "the users", listUsers(s, repository.UserFilter{}), []models.User{user})
	same(s, "the number of changes", len(s.changeLog()), 2)
}

// clock allows for a server with a clock of its own.
func clock(s *suite) {
	first, err := s.repo.Clock(s.Context())
	s.succeeds("Clock", err)
	second, err := s.repo.Clock(s.Context())
	s.succeeds("Clock", err)
	if off := time.Since(first).Abs(); off > time.Hour || second.Before(first) || first.Location() != time.UTC {
		s.Errorf("the clock shows %v and then %v", first, second)
	}
}
