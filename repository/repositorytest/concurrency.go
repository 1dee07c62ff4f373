package repositorytest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// goroutines is how many goroutines meet where one update could undo another.
const goroutines = 100

func concurrencyTests() []test {
	return []test{
		{"no count is lost", noCountIsLost},
		{"one of many gets a username", raceForUsername},
		{"one of many gets an email", raceForEmail},
		{"one of many gets a hash", raceForHash},
		{"one of many gets an id", raceForID},
		{"many revocations are one", raceToRevoke},
		{"many renewals all count", raceToRenew},
		{"revocations and renewals take turns", revokeAgainstRenew},
		{"one of many deletes", raceToDelete},
		{"nothing brings a deleted key back", deleteAgainstAll},
		{"the change log has no gap for who follows it", followedLog},
	}
}

// Every node repeats each of its flushes once, as if the answer were lost.
func noCountIsLost(s *suite) {
	keys := []string{s.createKey(newKey()).ID, s.createKey(newKey()).ID, s.createKey(newKey()).ID}
	const flushes = 3
	errs := race(goroutines, func(i int) error {
		mine := slices.Concat(keys[i%3:], keys[:i%3]) // each order, to provoke deadlocks
		failures := []error{}
		for number := range 2 * flushes {
			flush := newFlush(fmt.Sprint("node-", i), int64(number/2+1), mine...)
			failures = append(failures, s.repo.AddUsage(s.Context(), flush))
		}
		return errors.Join(failures...)
	})
	s.allSucceed("AddUsage", errs)
	for _, key := range keys {
		hasUsage(s, key, goroutines*flushes, hour(2))
	}
}

// oneWins reports a race that had not exactly one winner, or a loser that was
// not told which field is taken.
func oneWins(s *suite, field string, errs []error) {
	s.Helper()
	winners := 0
	for _, err := range errs {
		if err == nil {
			winners++
		} else {
			s.conflicts(field, "the race for the "+field, err)
		}
	}
	same(s, "the number of winners", winners, 1)
	same(s, "the number of keys", len(s.list(repository.KeyFilter{})), 1)
}

func raceOfUsers(s *suite, field string, set func(user *models.User)) {
	s.Helper()
	errs := race(goroutines, func(i int) error {
		user := newUser(fmt.Sprint("user-", i))
		set(&user)
		return s.repo.CreateUser(s.Context(), attribution(), user, newKeyFor(user))
	})
	oneWins(s, field, errs)
	same(s, "the number of changes", len(s.changeLog()), 2)
}

func raceForUsername(s *suite) {
	raceOfUsers(s, "username", func(user *models.User) { user.CanonicalUsername = "ana" })
}

func raceForEmail(s *suite) {
	raceOfUsers(s, "email", func(user *models.User) { user.CanonicalEmail = "ana@example.org" })
}

func raceOfKeys(s *suite, field string, set func(key *models.APIKey)) {
	s.Helper()
	errs := race(goroutines, func(int) error {
		key := newKey()
		set(&key)
		return s.repo.CreateKey(s.Context(), attribution(), key, repository.CreateKeyOptions{})
	})
	oneWins(s, field, errs)
	same(s, "the number of changes", len(s.changeLog()), 1)
}

func raceForHash(s *suite) {
	hash := newKey().Hash
	raceOfKeys(s, "hash", func(key *models.APIKey) { key.Hash = hash })
}

func raceForID(s *suite) {
	id := newID()
	raceOfKeys(s, "id", func(key *models.APIKey) { key.ID = id })
}

// The second caller gets the first one's date.
func raceToRevoke(s *suite) {
	key := s.createKey(newKey())
	revoked := make([]models.APIKey, goroutines)
	errs := race(goroutines, func(i int) (err error) {
		revoked[i], err = s.repo.RevokeKey(s.Context(), actAt(hour(i)), key.ID)
		return err
	})
	s.allSucceed("RevokeKey", errs)
	final := s.stored(key)
	same(s, "the version", final.Version, 2)
	for _, one := range revoked {
		same(s, "a revoked key", one, final)
	}
	log := s.changeLog()
	same(s, "the number of changes", len(log), 2)
	same(s, "the logged date", log[1].Date, final.RevocationDate)
}

// The order of numbers is the order in which the renewals came into force: the
// k-th entry's renewal returned version k, and the last one's date stands.
func raceToRenew(s *suite) {
	key := s.createKey(newKey())
	renewed := make([]models.APIKey, goroutines)
	errs := race(goroutines, func(i int) (err error) {
		by := repository.Attribution{Actor: fmt.Sprint(i), At: hour(1)}
		renewed[i], _, err = s.repo.RenewKey(s.Context(), by, key.ID, repository.Renewal{Expiration: hour(i)})
		return err
	})
	s.allSucceed("RenewKey", errs)
	log := s.changeLog()
	same(s, "the number of changes", len(log), goroutines+1)
	for _, entry := range log[1:] {
		var i int
		_, err := fmt.Sscan(entry.Actor, &i)
		s.succeeds("reading the actor", err)
		same(s, "the version of the renewal", renewed[i].Version, entry.Number)
		same(s, "the expiration of the renewal", renewed[i].ExpirationDate, hour(i))
		if entry.Number == int64(len(log)) {
			same(s, "the key in the end", s.stored(key), renewed[i])
		}
	}
}

// Revoking what is revoked appends nothing, so two revocations never follow
// one another; and the last entry says what the key is.
func revokeAgainstRenew(s *suite) {
	key := s.createKey(newKey())
	errs := race(goroutines, func(i int) error {
		if i%2 == 0 {
			return revoking(s, key.ID)(repository.Attribution{Actor: "revoker", At: hour(2)})
		}
		return renewing(s, key.ID, true)(repository.Attribution{Actor: "renewer", At: hour(2)})
	})
	s.allSucceed("the race", errs)
	actors := ""
	for _, entry := range s.changeLog() {
		actors += entry.Actor + " "
	}
	if strings.Contains(actors, "revoker revoker") {
		s.Errorf("a revoked key was revoked: %s", actors)
	}
	same(s, "whether it is revoked", s.stored(key).IsRevoked(), strings.HasSuffix(actors, "revoker "))
}

func raceToDelete(s *suite) {
	key := s.createKey(newKey())
	winners := 0
	for _, err := range race(goroutines, func(int) error { return deleting(s, key.ID)(attribution()) }) {
		if err == nil {
			winners++
		} else {
			s.failsWith(repository.ErrNotFound, "DeleteKey", err)
		}
	}
	same(s, "the number of winners", winners, 1)
	same(s, "the number of changes", len(s.changeLog()), 2)
}

func deleteAgainstAll(s *suite) {
	key := s.createKey(newKey())
	errs := race(goroutines, func(i int) error {
		switch i % 4 {
		case 0:
			return s.repo.AddUsage(s.Context(), newFlush(fmt.Sprint("node-", i), 1, key.ID))
		case 1:
			return ignoring(repository.ErrNotFound, renewing(s, key.ID, true)(attribution()))
		case 2:
			return ignoring(repository.ErrNotFound, revoking(s, key.ID)(attribution()))
		default:
			return ignoring(repository.ErrNotFound, deleting(s, key.ID)(attribution()))
		}
	})
	s.allSucceed("the race", errs)
	s.isGone(key)
	hasUsage(s, key.ID, goroutines/4, hour(2))
	same(s, "the status", s.row(key.ID).Status(hour(2)), models.StatusDeleted)
}

func ignoring(expected, err error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// A node that follows the log while 50 others write to it reads every entry
// once, in order, and is never told that something is lost. A number that
// becomes visible before a lower one would be skipped here.
func followedLog(s *suite) {
	const writers, each = 50, 4
	written := make(chan []error, 1)
	go func() {
		written <- race(writers, func(int) error {
			failures := []error{}
			for range each {
				failures = append(failures, s.repo.CreateKey(s.Context(), attribution(), newKey(), repository.CreateKeyOptions{}))
			}
			return errors.Join(failures...)
		})
	}()
	read, cursor := []models.Change{}, repository.Cursor{}
	for done := false; !done; {
		select {
		case errs := <-written:
			s.allSucceed("CreateKey", errs)
			done = true
		default:
		}
		limit := 7
		if done {
			limit = writers * each
		}
		entries := changesAfter(s, cursor, limit)
		if read = append(read, entries...); len(read) > 0 {
			cursor = repository.NewCursor(read[len(read)-1])
		}
	}
	same(s, "the log as it was followed", read, s.changeLog())
	same(s, "its length", len(read), writers*each)
	same(s, "the last number", read[len(read)-1].Number, writers*each)
}
