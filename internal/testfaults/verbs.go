package testfaults

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func noon() time.Time { return time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC) }

func act() repository.Act { return repository.Act{Actor: "admin", Date: noon()} }

func newKey() models.APIKey {
	id := uuid.Must(uuid.NewV7()).String()
	hash := sha256.Sum256([]byte(id))
	return models.APIKey{ID: id, Hash: hash[:], Name: "billing", CreationDate: noon()}
}

func newUser(name string) (models.User, models.APIKey) {
	user := models.User{ID: uuid.NewString(), Username: name, CanonicalUsername: name, CanonicalEmail: name + "@example.org"}
	key := newKey()
	key.UserID = user.ID
	return user, key
}

// flushOf uses each key once.
func flushOf(node string, number int64, ids ...string) repository.Flush {
	flush := repository.Flush{Node: node, Number: number}
	for _, id := range ids {
		flush.Usages = append(flush.Usages, models.Usage{KeyID: id, TotalQueries: 1, LatestQueryDate: noon()})
	}
	return flush
}

// verb is a method that changes something, with arguments of its own.
type verb struct {
	name string
	run  func(ctx context.Context, repo repository.Repository, act repository.Act) error
	// repeated is what it says when it is repeated after it came into force.
	repeated error
	// objects are what one call appends to the log; twice if repeating it is a
	// change of its own.
	objects []string
	twice   bool
	// isDone checks that it came into force, once, at noon.
	isDone func(b *bench, repo repository.Repository)
}

// verbs returns each verb with values of its own; the key, of which they make
// something, is stored and was never used.
func verbs(key models.APIKey) []verb {
	return []verb{createKeyVerb(), createUserVerb(), renewVerb(key), revokeVerb(key), deleteVerb(key), usageVerb(key)}
}

func createKeyVerb() verb {
	fresh := newKey()
	return verb{
		name: "CreateKey", repeated: repository.ErrConflict, objects: []string{fresh.ID},
		run: func(ctx context.Context, repo repository.Repository, act repository.Act) error {
			return repo.CreateKey(ctx, act, fresh)
		},
		isDone: func(b *bench, repo repository.Repository) { b.finds(repo, fresh) },
	}
}

func createUserVerb() verb {
	user, first := newUser("ana-" + uuid.NewString())
	return verb{
		name: "CreateUser", repeated: repository.ErrConflict, objects: []string{user.ID, first.ID},
		run: func(ctx context.Context, repo repository.Repository, act repository.Act) error {
			return repo.CreateUser(ctx, act, user, first)
		},
		isDone: func(b *bench, repo repository.Repository) {
			b.finds(repo, first)
			_, err := repo.UserByUsername(b.Context(), user.CanonicalUsername)
			b.failsWith(nil, "UserByUsername", err)
		},
	}
}

func renewVerb(key models.APIKey) verb {
	until := noon().Add(time.Hour)
	return verb{
		name: "RenewKey", objects: []string{key.ID}, twice: true,
		run: func(ctx context.Context, repo repository.Repository, act repository.Act) error {
			_, _, err := repo.RenewKey(ctx, act, key.ID, until, false)
			return err
		},
		isDone: func(b *bench, repo repository.Repository) {
			if found, err := repo.KeyByHash(b.Context(), key.Hash); err != nil || !found.ExpirationDate.Equal(until) {
				b.Errorf("the renewed key expires %v (%v)", found.ExpirationDate, err)
			}
		},
	}
}

func revokeVerb(key models.APIKey) verb {
	return verb{
		name: "RevokeKey", objects: []string{key.ID},
		run: func(ctx context.Context, repo repository.Repository, act repository.Act) error {
			_, err := repo.RevokeKey(ctx, act, key.ID)
			return err
		},
		isDone: func(b *bench, repo repository.Repository) {
			if found, err := repo.KeyByHash(b.Context(), key.Hash); err != nil || !found.RevocationDate.Equal(noon()) {
				b.Errorf("the key was revoked %v (%v)", found.RevocationDate, err)
			}
		},
	}
}

func deleteVerb(key models.APIKey) verb {
	return verb{
		name: "DeleteKey", repeated: repository.ErrNotFound, objects: []string{key.ID},
		run: func(ctx context.Context, repo repository.Repository, act repository.Act) error {
			return repo.DeleteKey(ctx, act, key.ID)
		},
		isDone: func(b *bench, repo repository.Repository) {
			_, err := repo.KeyByHash(b.Context(), key.Hash)
			b.failsWith(repository.ErrNotFound, "KeyByHash of a deleted key", err)
		},
	}
}

func usageVerb(key models.APIKey) verb {
	return verb{
		name: "AddUsage", objects: []string{},
		run: func(ctx context.Context, repo repository.Repository, _ repository.Act) error {
			return repo.AddUsage(ctx, flushOf("node-"+key.ID, 1, key.ID))
		},
		isDone: func(b *bench, repo repository.Repository) {
			if total := b.totals(repo)[key.ID]; total != 1 {
				b.Errorf("one query was counted as %d", total)
			}
		},
	}
}
