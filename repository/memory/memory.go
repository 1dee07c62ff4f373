// Package memory is a repository in maps: for tests, and for reading, since it says
// in the fewest words what the contract of package repository asks for.
//
// Nothing outlives the process, and nodes cannot share it. Lists look at every
// key, so it is not meant for many.
package memory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// Repository implements repository.Repository and repository.Notifier, one type for
// each part of the contract. It is safe for concurrent use.
type Repository struct {
	*database
	keyStore
	userStore
	usageStore
	changeLog
}

// The parts share the data.
type (
	keyStore   struct{ *database }
	userStore  struct{ *database }
	usageStore struct{ *database }
	changeLog  struct{ *database }
)

var (
	_ repository.Repository = (*Repository)(nil)
	_ repository.Notifier   = (*Repository)(nil)
)

// database holds all data under one lock.
type database struct {
	now func() time.Time

	mu      sync.RWMutex
	closed  bool
	keys    map[string]models.APIKey // by id
	hashes  map[string]string        // ids of keys by hash
	batches map[string][]string      // ids of keys by batch
	users   map[string]models.User   // by id
	tokens  map[string][]models.Token
	totals  map[string]models.Usage // by id of key, deleted ones included
	series  map[repository.Interval]map[point]*sum
	flushes map[string]int64 // the latest number of each node

	log         []models.Change
	lastNumber  int64
	subscribers map[chan struct{}]struct{}
}

// New returns an empty repository whose clock is now, such as time.Now.
func New(now func() time.Time) *Repository {
	d := &database{
		now: now, keys: map[string]models.APIKey{}, hashes: map[string]string{}, batches: map[string][]string{}, users: map[string]models.User{},
		tokens: map[string][]models.Token{}, totals: map[string]models.Usage{}, flushes: map[string]int64{},
		series: map[repository.Interval]map[point]*sum{
			repository.IntervalHour: {}, repository.IntervalDay: {},
		},
		subscribers: map[chan struct{}]struct{}{},
	}
	return &Repository{d, keyStore{d}, userStore{d}, usageStore{d}, changeLog{d}}
}

// Close implements repository.Repository.
func (d *database) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	return nil
}

var errClosed = errors.New("the repository is closed")

// read runs fn while nothing changes.
func (d *database) read(ctx context.Context, fn func() error) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if err := d.check(ctx); err != nil {
		return err
	}
	return fn()
}

// write runs fn alone. With an error fn has changed nothing.
func (d *database) write(ctx context.Context, fn func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.check(ctx); err != nil {
		return err
	}
	return fn()
}

func (d *database) check(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return fmt.Errorf("memory: %w", context.DeadlineExceeded)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: %w", err)
	}
	if d.closed {
		return errClosed
	}
	return nil
}

// object is what a change concerns.
type object struct {
	kind models.Object
	id   string
}

// change runs fn alone and logs that the objects have changed, unless it fails.
func (d *database) change(ctx context.Context, by repository.Attribution, fn func() error, objects ...object) error {
	return d.changeSome(ctx, by, func() ([]object, error) { return objects, fn() })
}

// changeSome is change for objects that fn finds.
func (d *database) changeSome(ctx context.Context, by repository.Attribution, fn func() ([]object, error)) error {
	if by.At.IsZero() {
		return errors.New("the attribution has no time")
	}
	return d.write(ctx, func() error {
		objects, err := fn()
		if err != nil {
			return err
		}
		for _, o := range objects {
			d.lastNumber++
			d.log = append(d.log, models.Change{
				Number: d.lastNumber, ID: uuid.NewString(), Object: o.kind, ObjectID: o.id, Actor: by.Actor, Date: stored(by.At),
			})
		}
		d.notifyAll()
		return nil
	})
}

// stored returns a time as it is kept.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(max(1, t.UnixMilli())).UTC()
}
