package keys

import (
	"context"
	"sync"
	"time"

	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/models"
)

// totalsAge is for how long totals are told again before they are counted anew.
const totalsAge = time.Minute

// Totals are how many keys there are in each state, deleted ones included.
type Totals struct {
	// AsOf is when the keys were counted.
	AsOf                                        time.Time
	Active, Expired, Revoked, Disabled, Deleted int64
}

// totalsCache holds the latest totals.
type totalsCache struct {
	mu     sync.Mutex
	totals Totals
}

// Totals returns how many keys there are in each state, as they were at most a
// minute ago.
func (s *Service) Totals(ctx context.Context) (totals Totals, err error) {
	defer func() { s.records.Shown(ctx, "key.totals", "", nil, 1, err) }()
	s.totals.mu.Lock()
	defer s.totals.mu.Unlock()
	now := s.now()
	if age := now.Sub(s.totals.totals.AsOf); age >= 0 && age < totalsAge {
		return s.totals.totals, nil
	}
	ctx, cancel := store.Context(ctx)
	defer cancel()
	counts, err := s.repo.CountKeys(ctx, now)
	if err != nil {
		return totals, notFoundOr(err)
	}
	s.totals.totals = Totals{
		AsOf: now, Active: counts[models.StatusActive], Expired: counts[models.StatusExpired], Revoked: counts[models.StatusRevoked],
		Disabled: counts[models.StatusDisabled], Deleted: counts[models.StatusDeleted],
	}
	return s.totals.totals, nil
}
