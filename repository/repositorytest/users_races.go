package repositorytest

import (
	"errors"
	"fmt"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func userRaceTests() []test {
	return []test{
		{"many changes of one user lose none", noUserChangeLost},
		{"of many changes of one version one comes into force", oneOfManyVersions},
		{"one of many changes gets an address", raceToMove},
		{"one of many deletes a user", raceToDeleteUser},
		{"nothing brings a deleted user back", deleteUserAgainstAll},
		{"a revocation of all keys spares none that is issued meanwhile", noKeySlipsThrough},
		{"a key is not issued to a user who is deleted meanwhile", noKeyForDeletedUser},
	}
}

func noUserChangeLost(s *suite) {
	user, _ := s.createUser("ana")
	s.allSucceed("UpdateUser", race(goroutines, func(int) error { return addSecond(s, user.ID) }))
	after := storedUser(s, user.ID)
	same(s, "the date", after.ChangeDate, hour(0).Add(goroutines*time.Second))
	same(s, "the version", after.Version, int64(goroutines+1))
	same(s, "the number of changes", len(s.changeLog()), 2+goroutines)
}

// addSecond changes what it finds, and tries again while others come first.
func addSecond(s *suite, id string) error {
	for {
		user, err := s.repo.UserByID(s.Context(), id)
		if err != nil {
			return err
		}
		user.ChangeDate = user.ChangeDate.Add(time.Second)
		_, err = s.repo.UpdateUser(s.Context(), attribution(), user, repository.UserUpdate{})
		if !errors.Is(err, repository.ErrOutdated) {
			return err
		}
	}
}

func oneOfManyVersions(s *suite) {
	user, _ := s.createUser("ana")
	returned := make([]models.User, goroutines)
	errs := race(goroutines, func(i int) (err error) {
		mine := user
		mine.PasswordHash = fmt.Sprint("hash-", i)
		returned[i], err = s.repo.UpdateUser(s.Context(), attribution(), mine, repository.UserUpdate{})
		return err
	})
	winners := []models.User{}
	for i, err := range errs {
		if err == nil {
			same(s, "the winner's password", returned[i].PasswordHash, fmt.Sprint("hash-", i))
			winners = append(winners, returned[i])
			continue
		}
		s.failsWith(repository.ErrOutdated, "UpdateUser", err)
	}
	same(s, "the winners", winners, []models.User{storedUser(s, user.ID)})
	same(s, "the version", storedUser(s, user.ID).Version, int64(2))
	same(s, "the number of changes", len(s.changeLog()), 3)
}

func raceToMove(s *suite) {
	users := make([]models.User, 20)
	for i := range users {
		users[i], _ = s.createUser(fmt.Sprint("user-", i))
	}
	errs := race(len(users), func(i int) error {
		mine := users[i]
		mine.Email, mine.CanonicalEmail = "New@example.org", "new@example.org"
		_, err := s.repo.UpdateUser(s.Context(), attribution(), mine, repository.UserUpdate{})
		return err
	})
	winners := 0
	for i, err := range errs {
		if err == nil {
			winners++
			same(s, "the winner's address", storedUser(s, users[i].ID).CanonicalEmail, "new@example.org")
			continue
		}
		s.conflicts("email", "UpdateUser", err)
		same(s, "the loser", storedUser(s, users[i].ID), users[i])
	}
	same(s, "the number of winners", winners, 1)
	same(s, "the number of changes", len(s.changeLog()), 2*len(users)+1)
}

func raceToDeleteUser(s *suite) {
	user, _ := s.createUser("ana")
	winners := 0
	for _, err := range race(20, func(int) error {
		return s.repo.DeleteUser(s.Context(), attribution(), user.ID, repository.DeleteUserOptions{})
	}) {
		if err == nil {
			winners++
			continue
		}
		s.failsWith(repository.ErrNotFound, "DeleteUser", err)
	}
	same(s, "the number of winners", winners, 1)
	same(s, "the number of changes", len(s.changeLog()), 3)
}

func deleteUserAgainstAll(s *suite) {
	user, key := s.createUser("ana")
	errs := race(20, func(i int) error {
		if i == 10 {
			return s.repo.DeleteUser(s.Context(), actAt(hour(5)), user.ID, repository.DeleteUserOptions{})
		}
		return ignoring(repository.ErrNotFound, addSecond(s, user.ID))
	})
	s.allSucceed("DeleteUser against UpdateUser", errs)
	s.hasNoUser("ana")
	same(s, "the users", listUsers(s, repository.UserFilter{}), []models.User{})
	isOwnerless(s, key, hour(5))
	entries := s.changeLog()
	same(s, "the date of the last entry, which is the deletion", entries[len(entries)-1].Date, hour(5))
}

// A caller whose credentials are being revoked must not get a key by them.
func noKeySlipsThrough(s *suite) {
	for i := range 5 {
		user, _ := s.createUser(fmt.Sprint("user-", i))
		issuingAgainst(s, user, repository.ErrOutdated, func() error {
			_, err := s.repo.UpdateUser(s.Context(), attribution(), user, repository.UserUpdate{RevokeKeys: true})
			return err
		})
	}
}

func noKeyForDeletedUser(s *suite) {
	for i := range 5 {
		user, _ := s.createUser(fmt.Sprint("user-", i))
		issuingAgainst(s, user, repository.ErrNotFound, func() error {
			return s.repo.DeleteUser(s.Context(), attribution(), user.ID, repository.DeleteUserOptions{})
		})
	}
}

// issuingAgainst issues keys while a change revokes all that the user has: each
// is revoked with them or refused.
func issuingAgainst(s *suite, user models.User, refusal error, change func() error) {
	s.Helper()
	keys := make([]models.APIKey, 8)
	errs := race(len(keys)+1, func(i int) error {
		if i == len(keys) {
			return change()
		}
		keys[i] = newKeyFor(user)
		return s.repo.CreateKey(s.Context(), attribution(), keys[i], repository.CreateKeyOptions{})
	})
	s.succeeds("the change", errs[len(keys)])
	for i, key := range keys {
		if errs[i] != nil {
			s.failsWith(refusal, "CreateKey", errs[i])
			s.isGone(key)
			continue
		}
		same(s, "whether the key is revoked", s.stored(key).IsRevoked(), true)
	}
}
