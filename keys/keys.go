// Package keys issues, renews, revokes, deletes and lists API keys.
//
// An application reaches the service by ginauth.Auth's method Keys; the HTTP
// calls use it too. A change is in effect when its method returns, on other nodes
// within a second. Each method is safe for concurrent use and is
// recorded in the audit log.
//
// Errors are problems (package problem): a kind, a stable code, and a sentence
// for the client. A failing database is one of the kind problem.KindUnavailable.
//
// The context says who acts: the application, unless ginauth.WithActor or an
// HTTP call says otherwise. A user reaches only keys of their own.
package keys

import (
	"context"
	"time"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/fields"
	"github.com/ginauth/ginauth/internal/ids"
	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// Service is the keys of one Auth.
type Service struct {
	repo    repository.Repository
	records *audit.Recorder
	policy  Policy
	totals  totalsCache
}

// Policy is what ginauth.Config says of keys.
type Policy struct {
	// Prefixes are those of keys that are accepted; new ones get the first.
	Prefixes                         security.Prefixes
	AutomaticExpiration, MaxLifetime time.Duration
	MaxKeysPerUser                   int
	RequireConfirmedEmail            bool
	Now                              func() time.Time
}

// New returns a service over a repository. It is for package ginauth, which
// makes the service of an Auth.
func New(repo repository.Repository, records *audit.Recorder, policy Policy) *Service {
	return &Service{repo: repo, records: records, policy: policy}
}

// now is the time in UTC and whole milliseconds, as it is stored.
func (s *Service) now() time.Time { return s.policy.Now().UTC().Truncate(time.Millisecond) }

// act says who makes a change, and when.
func (s *Service) attribution(ctx context.Context) repository.Attribution {
	return audit.ActorFrom(ctx).Attribution(s.now())
}

// Ref names a key by its id or by itself, one of the two.
type Ref struct{ ID, Key string }

// ByID names a key by its id, in any form of RFC 9562.
func ByID(id string) Ref { return Ref{ID: id} }

// ByKey names a key by itself.
func ByKey(key string) Ref { return Ref{Key: key} }

// check says what is wrong with a reference.
func (s *Service) check(ref Ref) []problem.Field {
	switch {
	case ref == Ref{}:
		return []problem.Field{problem.Missing("id"), problem.Missing("api_key")}
	case ref.ID != "" && ref.Key != "":
		return []problem.Field{problem.NewField("api_key", "api_key_superfluous", "Send either id or api_key.")}
	case ref.ID != "":
		return fields.ID(ref.ID)
	case !s.policy.Prefixes.IsKey(ref.Key):
		return []problem.Field{problem.NewField("api_key", "api_key_invalid", "This does not have the form of a key.")}
	default:
		return nil
	}
}

// resolve returns the id of the key that is meant. To a user, the keys of others
// do not exist.
func (s *Service) resolve(ctx context.Context, ref Ref) (id string, err error) {
	id = ids.Canonical(ref.ID)
	if ref.Key != "" {
		hash := security.HashKey(ref.Key)
		key, err := s.repo.KeyByHash(ctx, hash[:])
		if err != nil {
			return "", notFoundOr(err)
		}
		id = key.ID
	}
	if actor := audit.ActorFrom(ctx); actor.Kind == audit.User {
		_, err = s.find(ctx, repository.KeyFilter{KeyID: id, UserID: actor.Name})
	}
	return id, err
}

// find returns the one key that a filter names by its id.
func (s *Service) find(ctx context.Context, filter repository.KeyFilter) (repository.KeyUsage, error) {
	list, err := s.repo.ListKeys(ctx, filter, repository.Page{Sort: repository.SortID, Limit: 1})
	if err == nil && len(list.Rows) == 0 {
		err = repository.ErrNotFound
	}
	if err != nil {
		return repository.KeyUsage{}, notFoundOr(err)
	}
	return list.Rows[0], nil
}

// notFoundOr turns an error of the repository into a problem.
func notFoundOr(err error) error {
	return store.Problem(err, problem.NotFound("key_not_found", "There is no such key."))
}

// Get returns a key with its usage. Of a deleted key there is the usage alone.
// It fails with the problem key_not_found.
func (s *Service) Get(ctx context.Context, ref Ref) (key repository.KeyUsage, err error) {
	id := ""
	defer func() { s.records.Shown(ctx, "key.show", id, nil, 1, err) }()
	if fields := s.check(ref); len(fields) > 0 {
		return key, problem.InvalidFields(fields...)
	}
	ctx, cancel := store.Context(ctx)
	defer cancel()
	if id, err = s.resolve(ctx, ref); err != nil {
		return key, err
	}
	return s.find(ctx, repository.KeyFilter{KeyID: id})
}

// Revoke refuses a key from now on and returns it. Revoking again changes
// nothing: the first date stays. It fails with the problem key_not_found.
func (s *Service) Revoke(ctx context.Context, ref Ref) (models.APIKey, error) {
	return s.change(ctx, change{"key.revoke", ref, nil, nil}, func(ctx context.Context, id string) (models.APIKey, error) {
		return s.repo.RevokeKey(ctx, s.attribution(ctx), id)
	})
}

// Delete removes a key for good. Its usage stays under its id, which is never
// used again. It fails with the problem key_not_found.
func (s *Service) Delete(ctx context.Context, ref Ref) error {
	_, err := s.change(ctx, change{"key.delete", ref, nil, nil}, func(ctx context.Context, id string) (models.APIKey, error) {
		return models.APIKey{}, s.repo.DeleteKey(ctx, s.attribution(ctx), id)
	})
	return err
}

// change is a change of one key.
type change struct {
	action string // as it is recorded
	ref    Ref
	// invalid is what is wrong beside the reference.
	invalid []problem.Field
	// allow refuses the change after its fields were checked; nil allows it.
	allow func(context.Context) error
}

// change has the key changed that is meant, and records it.
func (s *Service) change(ctx context.Context, c change, write func(ctx context.Context, id string) (models.APIKey, error)) (key models.APIKey, err error) {
	id := ""
	defer func() { s.records.Call(ctx, c.action, id, err) }()
	if fields := append(s.check(c.ref), c.invalid...); len(fields) > 0 {
		return key, problem.InvalidFields(fields...)
	}
	if c.allow != nil {
		if err := c.allow(ctx); err != nil {
			return key, err
		}
	}
	ctx, cancel := store.Context(ctx)
	defer cancel()
	if id, err = s.resolve(ctx, c.ref); err != nil {
		return key, err
	}
	key, err = write(ctx, id)
	return key, notFoundOr(err)
}
