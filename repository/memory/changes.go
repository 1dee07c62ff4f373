package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// LatestChange implements repository.Changes.
func (l changeLog) LatestChange(ctx context.Context) (latest repository.Cursor, err error) {
	err = l.read(ctx, func() error {
		if len(l.log) > 0 {
			latest = repository.NewCursor(l.log[len(l.log)-1])
		}
		return nil
	})
	return latest, err
}

// Changes implements repository.Changes.
func (l changeLog) Changes(ctx context.Context, after repository.Cursor, limit int) (entries []models.Change, err error) {
	if limit < 1 {
		return nil, fmt.Errorf("%d entries cannot be read", limit)
	}
	err = l.read(ctx, func() error {
		next, ok := l.placeAfter(after)
		if !ok {
			return repository.ErrChangesLost
		}
		entries = append([]models.Change{}, l.log[next:min(len(l.log), next+limit)]...)
		return nil
	})
	return entries, err
}

// placeAfter returns the index of the entry that follows the cursor.
func (l changeLog) placeAfter(after repository.Cursor) (int, bool) {
	if after == (repository.Cursor{}) {
		return 0, len(l.log) == 0 || l.log[0].Number == 1
	}
	i := slices.IndexFunc(l.log, func(entry models.Change) bool { return repository.NewCursor(entry) == after })
	return i + 1, i >= 0
}

// PruneChanges implements repository.Changes.
func (l changeLog) PruneChanges(ctx context.Context) (more bool, err error) {
	err = l.write(ctx, func() error {
		prunable := l.log[:max(0, len(l.log)-repository.ChangesKept)]
		_, n := repository.Prunable(prunable, l.now())
		l.log = slices.Clone(l.log[n:])
		return nil
	})
	return false, err
}

// Clock implements repository.Changes.
func (l changeLog) Clock(ctx context.Context) (now time.Time, err error) {
	err = l.read(ctx, func() error {
		now = stored(l.now())
		return nil
	})
	return now, err
}

// Subscribe implements repository.Notifier.
func (l changeLog) Subscribe(ctx context.Context, notify func()) error {
	changed := make(chan struct{}, 1)
	l.mu.Lock()
	l.subscribers[changed] = struct{}{}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.subscribers, changed)
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
			notify()
		}
	}
}

// notifyAll wakes the subscribers. It never waits.
func (d *database) notifyAll() {
	for changed := range d.subscribers {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
}
