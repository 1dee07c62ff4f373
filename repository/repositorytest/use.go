package repositorytest

import (
	"testing"

	"github.com/ginauth/ginauth/repository"
)

// RunUse checks a repository over an application's own handle of an empty database:
// what use has stored, and changed while others change, again finds; and the handle
// stays open.
func RunUse(t *testing.T, use, again func() (repository.Repository, error), ping func() error) {
	repo, err := use()
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{T: t, repo: repo}
	user, key := s.createUser("ana")
	s.allSucceed("CreateKey", race(20, func(int) error {
		return s.repo.CreateKey(t.Context(), attribution(), newKey(), repository.CreateKeyOptions{})
	}))
	s.addUsage(newFlush("node", 1, key.ID))
	s.succeeds("Close", repo.Close())
	if s.repo, err = again(); err != nil {
		t.Fatal(err)
	}
	same(s, "the user", storedUser(s, user.ID), user)
	same(s, "the key", s.stored(key), key)
	same(s, "the total", s.row(key.ID).TotalQueries, 1)
	same(s, "the number of changes", len(s.changeLog()), 22)
	s.succeeds("Close", s.repo.Close())
	s.succeeds("the handle", ping())
}
