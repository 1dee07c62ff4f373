package repositorytest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func userContextTests() []test {
	return []test{
		{"cancelling a change of a user in the middle leaves nothing by halves", userChangeCutShort},
		{"cancelling a deletion of a user in the middle leaves nothing by halves", userDeletionCutShort},
	}
}

func userChangeCutShort(s *suite) {
	cutShort(s, "UpdateUser", func(ctx context.Context, user models.User) error {
		_, err := s.repo.UpdateUser(ctx, attribution(), changed(user), repository.UserUpdate{RevokeKeys: true})
		return err
	}, func(user models.User) bool {
		found := storedUser(s, user.ID)
		want := user
		if found.Version > 1 {
			want = changed(user)
			want.Version = 2
			s.succeeds("freeing the address", moveAway(s, found))
		}
		same(s, "the user", found, want)
		return found.Version > 1
	})
}

// moveAway gives the address of changed free for the next.
func moveAway(s *suite, user models.User) error {
	user.CanonicalEmail = newID()
	_, err := s.repo.UpdateUser(s.Context(), attribution(), user, repository.UserUpdate{})
	return err
}

func userDeletionCutShort(s *suite) {
	cutShort(s, "DeleteUser", func(ctx context.Context, user models.User) error {
		return s.repo.DeleteUser(ctx, attribution(), user.ID, repository.DeleteUserOptions{})
	}, func(user models.User) bool {
		found, err := s.repo.UserByID(s.Context(), user.ID)
		if !errors.Is(err, repository.ErrNotFound) {
			s.succeeds("UserByID", err)
			same(s, "the user", found, user)
		}
		return err != nil
	})
}

// cutShort makes a call that revokes a user's key in contexts that end at every
// stage of it. happened reports whether it came into force, and checks the user;
// the key and the log have to agree with it, and the error as far as it says
// anything.
func cutShort(s *suite, name string, call func(context.Context, models.User) error, happened func(models.User) bool) {
	s.Helper()
	for i := range 60 {
		user, key := s.createUser(fmt.Sprint("user-", i))
		before := len(s.changeLog())
		ctx, cancel := context.WithTimeout(s.Context(), time.Duration(i)*70*time.Microsecond)
		err := call(ctx, user)
		cancel()
		settle(s, err)
		revoked, logged := s.stored(key).IsRevoked(), len(s.changeLog()) > before
		done := happened(user)
		same(s, "whether the key is revoked", revoked, done)
		same(s, "whether it is logged", logged, done)
		if err == nil {
			same(s, "whether what was acknowledged has happened", done, true)
			continue
		}
		s.failsWith(context.DeadlineExceeded, name, err)
		if !errors.Is(err, repository.ErrOutcomeUnknown) {
			isNoSentinel(s, name, err)
			same(s, "whether what failed has happened", done, false)
		}
	}
}
