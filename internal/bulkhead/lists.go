package bulkhead

import (
	"context"
	"errors"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
)

const (
	// maxLists is how many lists run at once, of a pool of smallPool connections
	// for reading or more; of a smaller one, one runs.
	maxLists, smallPool = 2, 4
	// maxListsWaiting is how many lists of one user wait, and maxAllListsWaiting
	// how many of all users and administrators.
	maxListsWaiting, maxAllListsWaiting = 20, 200
)

// boundedLists is a repository whose lists have a bounded share of the
// connections for reading, so that keys can be read beside. A list may take
// seconds, and a key alone is enough to ask for one's own. Of one user one list
// runs at a time. A list that gets no turn before the deadline of the call is
// refused as busy.
type boundedLists struct {
	repository.Repository
	users, all *Bulkhead
}

// Lists makes of a repository one whose lists are bounded by what it
// says of its connections.
func Lists(repo, sized repository.Repository) repository.Repository {
	width := maxLists
	if sized, ok := sized.(repository.Sized); ok && sized.Readers() < smallPool {
		width = 1
	}
	return boundedLists{repo, New(1, maxListsWaiting), New(width, maxAllListsWaiting)}
}

// enter waits for the turn of a user; an empty id is an administrator.
func (b boundedLists) enter(ctx context.Context, userID string) (leave func(), err error) {
	leaveUser := func() {}
	if userID != "" {
		if leaveUser, err = b.users.Enter(ctx, userID); err != nil {
			return nil, listsBusy(err)
		}
	}
	leaveAll, err := b.all.Enter(ctx, "")
	if err != nil {
		leaveUser()
		return nil, listsBusy(err)
	}
	return func() { leaveAll(); leaveUser() }, nil
}

func listsBusy(err error) error {
	if errors.Is(err, context.Canceled) { // who has asked is gone
		return err
	}
	return problem.Unavailable("busy", "Too many lists are being made at the moment.")
}

// ListKeys implements repository.Repository. Whether a key is a user's is asked
// beside the lists, since it takes no time, and revoking a key must not wait.
func (b boundedLists) ListKeys(ctx context.Context, filter repository.KeyFilter, page repository.Page) (repository.KeyPage, error) {
	if filter.KeyID != "" {
		return b.Repository.ListKeys(ctx, filter, page)
	}
	leave, err := b.enter(ctx, filter.UserID)
	if err != nil {
		return repository.KeyPage{}, err
	}
	defer leave()
	return b.Repository.ListKeys(ctx, filter, page)
}

// CountKeys implements repository.Repository.
func (b boundedLists) CountKeys(ctx context.Context, now time.Time) (map[models.Status]int64, error) {
	leave, err := b.enter(ctx, "")
	if err != nil {
		return nil, err
	}
	defer leave()
	return b.Repository.CountKeys(ctx, now)
}

// MatchingKeys implements repository.Repository.
func (b boundedLists) MatchingKeys(ctx context.Context, filter repository.KeyFilter, limit int) ([]string, error) {
	leave, err := b.enter(ctx, filter.UserID)
	if err != nil {
		return nil, err
	}
	defer leave()
	return b.Repository.MatchingKeys(ctx, filter, limit)
}

// UsageSeries implements repository.Repository.
func (b boundedLists) UsageSeries(ctx context.Context, filter repository.SeriesFilter, page repository.SeriesPage) (repository.Series, error) {
	leave, err := b.enter(ctx, filter.UserID)
	if err != nil {
		return repository.Series{}, err
	}
	defer leave()
	return b.Repository.UsageSeries(ctx, filter, page)
}

// ListUsers implements repository.Repository.
func (b boundedLists) ListUsers(ctx context.Context, filter repository.UserFilter, page repository.Page) (repository.UserPage, error) {
	leave, err := b.enter(ctx, "")
	if err != nil {
		return repository.UserPage{}, err
	}
	defer leave()
	return b.Repository.ListUsers(ctx, filter, page)
}
