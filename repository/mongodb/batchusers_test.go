package mongodb

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// isStep meets the nth message about ginauth's collections.
func isStep(n int) func(message []byte) bool {
	return func(message []byte) bool {
		if bytes.Contains(message, []byte("ginauth_")) {
			n--
		}
		return n == 0
	}
}

// Whichever step of a batch a change of its user comes before, the batch is there if the
// caller is told so. Then its keys follow the change, in lists too.
func TestUserChangesDuringABatch(t *testing.T) {
	update := func(u repository.UserUpdate, alter func(*models.User)) func(s scene) error {
		return func(s scene) error {
			alter(&s.user)
			_, err := s.r.UpdateUser(t.Context(), attribution(), s.user, u)
			return err
		}
	}
	remove := func(detach bool) func(s scene) error {
		return func(s scene) error {
			return s.r.DeleteUser(t.Context(), attribution(), s.user.ID, repository.DeleteUserOptions{DetachKeys: detach})
		}
	}
	for name, c := range map[string]struct {
		change func(s scene) error
		// anyVersion asks for keys whatever the user's version is.
		anyVersion bool
		want       error
		status     models.Status
	}{
		"disabling":              {update(repository.UserUpdate{}, func(u *models.User) { u.DisabledDate = noon() }), false, repository.ErrOutdated, models.StatusDisabled},
		"disabling, any version": {update(repository.UserUpdate{}, func(u *models.User) { u.DisabledDate = noon() }), true, nil, models.StatusDisabled},
		"a new password":         {update(repository.UserUpdate{RevokeKeys: true}, func(u *models.User) { u.PasswordHash = "new" }), false, repository.ErrOutdated, models.StatusRevoked},
		"deleting":               {remove(false), false, repository.ErrNotFound, models.StatusRevoked},
		"deleting, any version":  {remove(false), true, repository.ErrNotFound, models.StatusRevoked},
		"detaching":              {remove(true), true, repository.ErrNotFound, models.StatusActive},
	} {
		t.Run(name, func(t *testing.T) {
			uri := newDatabase(t)
			healthy := openURI(t, uri)
			outcomes := map[bool]int{}
			for step, reached := 1, true; reached; step++ {
				s := newScene(t, healthy)
				b := s.newBatch()
				if c.anyVersion {
					b.Keys[0].UserVersion, b.Keys[2].UserVersion = 0, 0
				}
				reached = false
				r := interposed(t, uri, isStep(step), func() error { reached = true; return c.change(s) })
				err := s.createKeys(r, b)
				if err != nil {
					failsWith(t, c.want, err)
				}
				if there := s.hasBatch("in lists", b); there != (err == nil) {
					t.Fatalf("step %d: the answer is %v, and the batch is there: %t", step, err, there)
				}
				outcomes[err == nil]++
				if got := s.statusFrom(b.Keys[0].ID); reached && err == nil && got != c.status && step > 2 {
					t.Errorf("step %d: the key is listed as %q, want %q", step, got, c.status)
				}
			}
			if outcomes[true] < 2 || (outcomes[false] < 2) != (c.want == nil) {
				t.Errorf("the outcomes are %v", outcomes)
			}
		})
	}
}

// Whenever the caller's context ends, the batch is there or not as a whole. The caller is
// told so.
func TestContextEndsDuringABatch(t *testing.T) {
	uri := newDatabase(t)
	healthy := openURI(t, uri)
	outcomes := map[bool]int{}
	for step, reached := 1, true; reached; step++ {
		s := newScene(t, healthy)
		b := s.newBatch()
		ctx, cancel := context.WithCancel(t.Context())
		reached = false
		r := interposed(t, uri, isStep(step), func() error { reached = true; cancel(); return nil })
		err := r.CreateKeys(ctx, attribution(), b, repository.CreateKeyOptions{MaxKeys: 9})
		cancel()
		there := s.hasBatch("in the log", b)
		if !errors.Is(err, repository.ErrOutcomeUnknown) && there != (err == nil) || err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("step %d: the answer is %v, and the batch is there: %t", step, err, there)
		}
		outcomes[there]++
		s.repeats(there, b, b)
	}
	if outcomes[false] < 2 || outcomes[true] < 2 {
		t.Errorf("the outcomes are %v", outcomes)
	}
}
