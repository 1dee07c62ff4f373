package keycache

import (
	"context"
	"testing"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// revoking is a repository that revokes the one key of a fixture.
type revoking struct {
	repository.Repository
	f   *fixture
	err error
}

func (r *revoking) RevokeKey(_ context.Context, by repository.Attribution, _ string) (models.APIKey, error) {
	if r.err != nil {
		return models.APIKey{}, r.err
	}
	if !r.f.key.IsRevoked() {
		r.f.key.RevocationDate = by.At
		r.f.store.put(r.f.key)
	}
	return r.f.key, nil
}

// A revocation is in effect when the call returns. Repeating it is no change,
// whether the key was asked for since or not.
func TestRevokingAgainTellsNothing(t *testing.T) {
	f := newFixture(t)
	repo := &revoking{f: f}
	writing := f.Writing(repo)
	revoke := func() { _, _ = writing.RevokeKey(t.Context(), repository.Attribution{At: noon}, f.key.ID) }
	f.mustLoad()
	revoke()
	f.expectRevoked(f.load())
	before := f.changes.generation()
	for range 3 {
		revoke()
	}
	if now := f.changes.generation(); now != before {
		t.Errorf("revoking again made %d changes", now-before)
	}
	f.key.RevocationDate = noon.AddDate(0, 0, 1) // another revocation, after a reactivation elsewhere
	revoke()
	if f.changes.generation() == before {
		t.Error("a revocation that this cache has not seen is no change")
	}
	before = f.changes.generation()
	revoke()
	if f.changes.generation() != before {
		t.Error("revoking a key that was not asked for since is a change")
	}
	repo.err = repository.ErrOutcomeUnknown
	revoke()
	if f.changes.generation() == before {
		t.Error("a revocation whose outcome is unknown is no change")
	}
}

// A key that was revoked elsewhere is not served here once the call has
// returned, though the call has changed nothing.
func TestRevokingWhatIsRevokedElsewhere(t *testing.T) {
	f := newFixture(t)
	writing := f.Writing(&revoking{f: f})
	f.mustLoad()
	f.revoke() // this node has not heard of it
	f.expect(Hit)
	_, _ = writing.RevokeKey(t.Context(), repository.Attribution{At: noon}, f.key.ID)
	f.expect(Expired)
	f.expectRevoked(f.load())
}
