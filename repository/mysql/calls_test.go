package mysql_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/mysql"
)

// concurrency is how many calls are made at once.
const concurrency = 48

func openAt(t *testing.T, uri string) repository.Repository {
	t.Helper()
	repo, err := mysql.Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = repo.Close() })
	return repo
}

func attribution() repository.Attribution {
	return repository.Attribution{Actor: "admin", At: time.Date(2026, time.July, 1, 1, 0, 0, 0, time.UTC)}
}

func newKey() models.APIKey {
	id := uuid.Must(uuid.NewV7())
	return models.APIKey{ID: id.String(), Hash: bytes.Repeat(id[:], 2), Name: "billing", CreationDate: attribution().At}
}

func newUser() (models.User, models.APIKey) {
	id := uuid.NewString()
	user := models.User{ID: id, Username: id, CanonicalUsername: id, Email: id + "@example.org", CanonicalEmail: id + "@example.org", CreationDate: attribution().At}
	key := newKey()
	key.UserID = id
	return user, key
}

// atOnce makes n calls at once and returns the errors of those that failed.
func atOnce(n int, call func(i int) error) error {
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { errs[i] = call(i) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// keepsPromises makes a compact set of calls through two repositories, which
// stand for two processes with the same database.
func keepsPromises(t *testing.T, a, b repository.Repository) {
	t.Helper()
	keys := createsAtOnce(t, a, b)
	revokesAtOnce(t, a, b, keys)
	countsExactly(t, a, b, keys)
	tellsWhatIsTaken(t, a, b)
	keepsLongValues(t, a)
	keepsTokens(t, a, b)
	for _, repo := range []repository.Repository{a, b} {
		now, err := repo.Clock(t.Context())
		if apart := time.Since(now); err != nil || apart.Abs() > 5*time.Second {
			t.Errorf("the database's clock is %v, %v apart (%v)", now, apart, err)
		}
	}
}

// createsAtOnce creates users with their keys; the other process finds them.
func createsAtOnce(t *testing.T, a, b repository.Repository) []models.APIKey {
	t.Helper()
	repos, keys := []repository.Repository{a, b}, make([]models.APIKey, concurrency)
	err := atOnce(concurrency, func(i int) error {
		user, key := newUser()
		keys[i] = key
		if err := repos[i%2].CreateUser(t.Context(), attribution(), user, key); err != nil {
			return err
		}
		found, err := repos[(i+1)%2].KeyByHash(t.Context(), key.Hash)
		if err == nil && (found.ID != key.ID || found.Username != user.Username) {
			return fmt.Errorf("the key is %+v", found)
		}
		return err
	})
	if err != nil {
		t.Errorf("creating users at once: %v", err)
	}
	return keys
}

// revokesAtOnce revokes keys. The other process sees that at once, and all of
// them in the change log without a gap.
func revokesAtOnce(t *testing.T, a, b repository.Repository, keys []models.APIKey) {
	t.Helper()
	latest, err := b.LatestChange(t.Context())
	if err != nil {
		t.Fatalf("LatestChange: %v", err)
	}
	err = atOnce(len(keys), func(i int) error {
		if _, err := a.RevokeKey(t.Context(), attribution(), keys[i].ID); err != nil {
			return err
		}
		found, err := b.KeyByHash(t.Context(), keys[i].Hash)
		if err == nil && !found.IsRevoked() {
			return errors.New("a revoked key is served")
		}
		return err
	})
	if err != nil {
		t.Errorf("revoking at once: %v", err)
	}
	changes, err := b.Changes(t.Context(), latest, 2*concurrency)
	if err != nil || len(changes) != len(keys) {
		t.Errorf("the log has %d entries of %d revocations, %v", len(changes), len(keys), err)
	}
}

// countsExactly flushes the usage of the same keys from two nodes at once.
func countsExactly(t *testing.T, a, b repository.Repository, keys []models.APIKey) {
	t.Helper()
	const flushes = 8
	repos, nodes := []repository.Repository{a, b}, []string{uuid.NewString(), uuid.NewString()}
	err := atOnce(len(repos), func(i int) error {
		for number := range int64(flushes) {
			flush := repository.Flush{Node: nodes[i], Number: number + 1}
			for _, key := range keys {
				flush.Usages = append(flush.Usages, models.Usage{KeyID: key.ID, TotalQueries: 1, LatestQueryDate: attribution().At})
				flush.Hours = append(flush.Hours, models.HourUsage{KeyID: key.ID, Route: "/a", Hour: attribution().At, TotalQueries: 1})
			}
			if err := repos[i].AddUsage(t.Context(), flush); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Errorf("flushing at once: %v", err)
	}
	for _, key := range keys {
		page, err := b.ListKeys(t.Context(), repository.KeyFilter{KeyID: key.ID}, repository.Page{Sort: repository.SortID, Limit: 1})
		if err != nil || len(page.Rows) != 1 || page.Rows[0].TotalQueries != 2*flushes {
			t.Fatalf("a key was used %+v (%v), want %d", page.Rows, err, 2*flushes)
		}
	}
}

// tellsWhatIsTaken names the field of each value that is taken.
func tellsWhatIsTaken(t *testing.T, a, b repository.Repository) {
	t.Helper()
	user, key := newUser()
	if err := a.CreateUser(t.Context(), attribution(), user, key); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(u *models.User, k *models.APIKey){
		"username": func(u *models.User, _ *models.APIKey) { u.CanonicalUsername = user.CanonicalUsername },
		"email":    func(u *models.User, _ *models.APIKey) { u.CanonicalEmail = user.CanonicalEmail },
		"id":       func(u *models.User, k *models.APIKey) { u.ID, k.UserID = user.ID, user.ID },
		"hash":     func(_ *models.User, k *models.APIKey) { k.Hash = key.Hash },
	} {
		other, first := newUser()
		change(&other, &first)
		isTaken(t, field, b.CreateUser(t.Context(), attribution(), other, first))
	}
	second, third := newKey(), newKey()
	second.ID, third.Hash = key.ID, key.Hash
	isTaken(t, "id", b.CreateKey(t.Context(), attribution(), second, repository.CreateKeyOptions{}))
	isTaken(t, "hash", b.CreateKey(t.Context(), attribution(), third, repository.CreateKeyOptions{}))
	other, first := newUser()
	if err := b.CreateUser(t.Context(), attribution(), other, first); err != nil {
		t.Fatal(err)
	}
	other.Version, other.CanonicalEmail = 1, user.CanonicalEmail
	_, err := a.UpdateUser(t.Context(), attribution(), other, repository.UserUpdate{})
	isTaken(t, "email", err)
}

func isTaken(t *testing.T, field string, err error) {
	t.Helper()
	var conflict *repository.ConflictError
	if !errors.As(err, &conflict) || conflict.Field != field {
		t.Errorf("a taken %s is told as %v", field, err)
	}
}

// keepsTokens stores a token, which the other process finds and removes.
func keepsTokens(t *testing.T, a, b repository.Repository) {
	t.Helper()
	user, key := newUser()
	if err := a.CreateUser(t.Context(), attribution(), user, key); err != nil {
		t.Fatal(err)
	}
	token := models.Token{Hash: key.Hash, UserID: user.ID, Purpose: "reset", CreationDate: attribution().At, ExpirationDate: attribution().At.Add(time.Hour)}
	if err := a.AddToken(t.Context(), token); err != nil {
		t.Errorf("adding a token: %v", err)
	}
	if found, err := b.TokensByUser(t.Context(), user.ID); err != nil || len(found) != 1 || found[0].Purpose != "reset" {
		t.Errorf("the tokens are %+v (%v)", found, err)
	}
	if err := b.DeleteToken(t.Context(), user.ID, token.Hash); err != nil {
		t.Errorf("removing a token: %v", err)
	}
}

// keepsLongValues stores what is as long as the contract allows, and refuses
// what is longer: nothing is cut.
func keepsLongValues(t *testing.T, repo repository.Repository) {
	t.Helper()
	long, tooLong := newKey(), newKey()
	long.Name, tooLong.Name = strings.Repeat("ä", 512), strings.Repeat("ä", 512)+"x"
	if err := repo.CreateKey(t.Context(), attribution(), long, repository.CreateKeyOptions{}); err != nil {
		t.Errorf("creating a key with a long name: %v", err)
	}
	found, err := repo.KeyByHash(t.Context(), long.Hash)
	if err != nil || found.Name != long.Name {
		t.Errorf("a long name is read as %q (%v)", found.Name, err)
	}
	if err := repo.CreateKey(t.Context(), attribution(), tooLong, repository.CreateKeyOptions{}); err == nil {
		t.Error("a name that is too long is stored")
	}
	if _, err := repo.KeyByHash(context.WithoutCancel(t.Context()), tooLong.Hash); !errors.Is(err, repository.ErrNotFound) {
		t.Errorf("a key that was refused is found (%v)", err)
	}
}
