package repositorytest

import (
	"errors"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func roomTests() []test {
	return []test{
		{"a user has no more keys than they may", fullUser},
		{"of keys that are created at once no more come into force", fullInARace},
	}
}

func fullUser(s *suite) {
	user, first := s.createUser("ana")
	bob, _ := s.createUser("bob")
	create := func(owner models.User, maxKeys int) error {
		return s.repo.CreateKey(s.Context(), attribution(), newKeyFor(owner), repository.CreateKeyOptions{MaxKeys: maxKeys})
	}
	expired := newKeyFor(user)
	expired.ExpirationDate = hour(0)
	s.succeeds("CreateKey", s.repo.CreateKey(s.Context(), attribution(), expired, repository.CreateKeyOptions{MaxKeys: 2}))
	before := len(s.changeLog())
	refused := newKeyFor(user)
	s.failsWith(repository.ErrTooManyKeys, "CreateKey", s.repo.CreateKey(s.Context(), attribution(), refused, repository.CreateKeyOptions{MaxKeys: 2}))
	s.isGone(refused)
	same(s, "the keys", len(s.list(repository.KeyFilter{UserID: user.ID})), 2)
	same(s, "the number of changes", len(s.changeLog()), before)
	s.succeeds("CreateKey of another", create(bob, 2))
	s.succeeds("CreateKey for a service", s.repo.CreateKey(s.Context(), attribution(), newKey(), repository.CreateKeyOptions{MaxKeys: 1}))
	s.revokeKey(first.ID)
	s.succeeds("CreateKey in the place of a revoked one", create(user, 2))
	s.deleteKey(expired.ID)
	s.succeeds("CreateKey in the place of a deleted one", create(user, 2))
	s.failsWith(repository.ErrTooManyKeys, "CreateKey", create(user, 2))
	s.succeeds("CreateKey without a limit", create(user, 0))
	user = updateUser(s, user, true)
	next := newKeyFor(user)
	next.UserVersion = user.Version
	s.succeeds("CreateKey when all are revoked", s.repo.CreateKey(s.Context(), attribution(), next, repository.CreateKeyOptions{MaxKeys: 1}))
}

func fullInARace(s *suite) {
	user, _ := s.createUser("ana")
	const goroutines, places = 12, 5
	keys := make([]models.APIKey, goroutines)
	errs := race(goroutines, func(i int) error {
		keys[i] = newKeyFor(user)
		return s.repo.CreateKey(s.Context(), attribution(), keys[i], repository.CreateKeyOptions{MaxKeys: places})
	})
	created := 1
	for i, err := range errs {
		if err == nil {
			created++
			same(s, "the key", s.stored(keys[i]), keys[i])
			continue
		}
		if !errors.Is(err, repository.ErrTooManyKeys) {
			s.Errorf("CreateKey: %v", err)
		}
		s.isGone(keys[i])
	}
	same(s, "the number of keys", created, places)
	same(s, "the number of keys listed", len(s.list(repository.KeyFilter{UserID: user.ID})), places)
}
