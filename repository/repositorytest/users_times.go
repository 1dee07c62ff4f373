package repositorytest

import (
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func userTimeTests() []test {
	return []test{
		{"a user's dates come out as UTC in whole milliseconds", userDates},
		{"so do those of what a user's change or deletion revokes", userActDates},
		{"a user's zero times stay zero", userZeroTimes},
		{"a user's distant times are kept", userDistantTimes},
		{"no date of a user is taken for none", userEpoch},
	}
}

// withDates is the user with one date in the place of each that can change.
func withDates(user models.User, date time.Time) models.User {
	user.ChangeDate, user.DisabledDate, user.ConfirmationDate, user.AccessUntil = date, date, date, date
	return user
}

// keepsDates stores a user who has the date in each place, another who gets it
// by a change, and reports where it does not come out as wanted.
func keepsDates(s *suite, date, want time.Time) {
	s.Helper()
	user := withDates(newUser(newID()), date)
	user.CreationDate = date
	key := newKeyFor(user)
	s.succeeds("CreateUser", s.repo.CreateUser(s.Context(), attribution(), user, key))
	user = withDates(user, want)
	user.CreationDate = want
	same(s, "the user stored", storedUser(s, user.ID), user)
	same(s, "the key's date", s.stored(key).DisabledDate, want)
	same(s, "the key's end of access", s.stored(key).AccessUntil, want)

	later, laterKey := s.createUser(newID())
	changed := updateUser(s, withDates(later, date), false)
	later.Version = 2
	same(s, "the user returned", changed, withDates(later, want))
	same(s, "the user changed", storedUser(s, later.ID), withDates(later, want))
	same(s, "the date of the key found", s.stored(laterKey).DisabledDate, want)
	same(s, "the date of the key listed", s.row(laterKey.ID).DisabledDate, want)
	same(s, "the end of access of the key listed", s.row(laterKey.ID).AccessUntil, want)
	same(s, "the users listed", listUsers(s, repository.UserFilter{Username: later.CanonicalUsername}), []models.User{changed})
}

func userDates(s *suite) { keepsDates(s, clockTime(3), keptTime(3)) }

func userActDates(s *suite) {
	ana, anas := s.createUser("ana")
	bob, bobs := s.createUser("bob")
	_, err := s.repo.UpdateUser(s.Context(), actAt(clockTime(4)), ana, repository.UserUpdate{RevokeKeys: true})
	s.succeeds("UpdateUser", err)
	s.succeeds("DeleteUser", s.repo.DeleteUser(s.Context(), actAt(clockTime(5)), bob.ID, repository.DeleteUserOptions{}))
	same(s, "the revocation by a change", s.stored(anas).RevocationDate, keptTime(4))
	same(s, "the revocation by a deletion", s.stored(bobs).RevocationDate, keptTime(5))
	dates := []time.Time{}
	for _, entry := range s.changeLog()[4:] {
		dates = append(dates, entry.Date)
	}
	same(s, "the dates in the log", dates, []time.Time{keptTime(4), keptTime(5)})
}

// Zero in any zone means "not set": nobody is disabled by a time zone.
func userZeroTimes(s *suite) {
	zero := time.Time{}.In(time.FixedZone("Kathmandu", 20_700))
	keepsDates(s, zero, time.Time{})
	no := false
	same(s, "the number of users with neither date", len(listUsers(s, repository.UserFilter{Disabled: &no, Confirmed: &no})), 2)
}

func userDistantTimes(s *suite) {
	for _, date := range []time.Time{
		time.Date(1970, time.January, 1, 0, 0, 0, 1_000_000, time.UTC),
		time.Date(2038, time.January, 19, 3, 14, 8, 0, time.UTC),
		time.Date(9999, time.December, 31, 23, 59, 59, 999_000_000, time.UTC),
	} {
		keepsDates(s, date, date)
	}
}

// A user disabled at the very epoch, or before it, is disabled; and a key revoked by
// a change at the epoch is revoked.
func userEpoch(s *suite) {
	for _, date := range []time.Time{time.UnixMilli(0), time.UnixMicro(1), time.UnixMilli(-5)} {
		keepsDates(s, date, time.UnixMilli(1).UTC())
	}
	yes := true
	same(s, "the number of users with both dates", len(listUsers(s, repository.UserFilter{Disabled: &yes, Confirmed: &yes})), 6)
	same(s, "the number of disabled keys", len(s.list(repository.KeyFilter{Status: models.StatusDisabled, Now: hour(1)})), 6)
	user, key := s.createUser("ana")
	_, err := s.repo.UpdateUser(s.Context(), actAt(time.UnixMilli(0)), user, repository.UserUpdate{RevokeKeys: true})
	s.succeeds("UpdateUser", err)
	same(s, "the revocation", s.stored(key).RevocationDate, time.UnixMilli(1).UTC())
}
