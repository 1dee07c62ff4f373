package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/internal/test/stubstore"
	"github.com/ginauth/ginauth/security"
)

// busy is how many keys are used where others are only in memory. So few stay in
// the processor's caches: they cost the look-up, but no waiting for memory.
const busy = 1000

// memory measures keys that are in memory, and how much they need there. They
// come from a store that has every key.
func (t *table) memory(ctx context.Context) error {
	for _, size := range t.sizes {
		if err := t.warm(ctx, size); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) warm(ctx context.Context, size int) error {
	keys := newKeys(size)
	before := heap()
	auth, err := newAuth(stubstore.Store{})
	if err != nil {
		return err
	}
	defer func() { _ = auth.Close() }()
	c := against("ginauth, "+grouped(size)+" keys in memory", auth.Guard(), "api-key", keys...)
	if err := warmUp(c.guard, size); err != nil {
		return err
	}
	time.Sleep(3 * time.Second) // their counts are written, and written out of memory
	t.fact("%s keys in memory: %.1f MB", grouped(size), float64(heap()-before)/1e6)
	if err := t.add(ctx, c); err != nil || size <= busy {
		return err
	}
	return t.add(ctx, against(fmt.Sprintf("ginauth, %s of %s keys in memory", grouped(busy), grouped(size)), auth.Guard(), "api-key", keys[:busy]...))
}

func warmUp(guard ask, count int) error {
	for i := range count {
		if status := guard(i); status != http.StatusNoContent {
			return fmt.Errorf("warming up: request %d is answered %d", i, status)
		}
	}
	return nil
}

func newKeys(count int) []string {
	keys := make([]string, count)
	for i := range keys {
		keys[i] = security.NewKey(security.DefaultPrefix)
	}
	return keys
}

// heap is how much memory is in use once the rest is given back.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools keep goes with the second
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// peers are guards that ask no database.
func (t *table) peers(ctx context.Context) error {
	jwt, err := ginJWT()
	if err != nil {
		return err
	}
	return errors.Join(t.add(ctx, basicAuth()), t.add(ctx, jwt))
}

func (t *table) database(ctx context.Context, d *database) error {
	sizes := slices.DeleteFunc(slices.Clone(t.sizes), func(size int) bool { return size > d.most })
	for i, size := range sizes {
		if err := d.fill(ctx, size); err != nil {
			return fmt.Errorf("filling %s: %w", d.kind, err)
		}
		steps := []func(context.Context, *database) error{t.cold, t.unknown}
		if i == 0 {
			steps = append(steps, t.remembered, t.everyTime)
		}
		if i == len(sizes)-1 && d.kind == "sqlite" {
			steps = append(steps, t.start)
		}
		for _, step := range steps {
			if err := step(ctx, d); err != nil {
				return fmt.Errorf("%s: %w", d.kind, err)
			}
		}
	}
	return nil
}

// with opens a database for a guard.
func (d *database) with(ctx context.Context, use func(*ginauth.Auth) error) error {
	repo, err := d.open(ctx)
	if err != nil {
		return err
	}
	auth, err := newAuth(repo)
	if err != nil {
		return errors.Join(err, repo.Close())
	}
	return errors.Join(use(auth), auth.Close())
}

func (d *database) name(what string) string {
	return fmt.Sprintf("ginauth, %s, %s of %s keys", d.kind, what, grouped(len(d.keys)))
}

// cold measures the first request of each key.
func (t *table) cold(ctx context.Context, d *database) error {
	return d.with(ctx, func(auth *ginauth.Auth) error {
		c := against(d.name("cold: the first request of one"), auth.Guard(), "api-key", d.keys...)
		c.requests = min(d.once, len(d.keys))
		first, step := c.guard, len(d.keys)/c.requests
		c.guard = func(i int) int { return first(i * step) }
		return t.add(ctx, c)
	})
}

// unknown measures keys that are not in the database, each asked with once. No
// address asks with so many that it is throttled.
func (t *table) unknown(ctx context.Context, d *database) error {
	return d.with(ctx, func(auth *ginauth.Auth) error {
		keys := newKeys(min(d.once, len(d.keys)))
		app := newGin(auth.Guard())
		guarded := newClient(app, "/secure", "api-key")
		return t.add(ctx, contestant{
			name: d.name("unknown: none"), want: http.StatusUnauthorized, requests: len(keys),
			guard: func(i int) int {
				guarded.fresh.RemoteAddr = fmt.Sprintf("10.0.%d.%d", i/50/256, i/50%256)
				return guarded.ask(keys[i])
			},
			bare: each(newClient(app, "/unsecure", "api-key"), keys),
		})
	})
}

// remembered measures keys that have been used, and one unknown key asked with
// again and again.
func (t *table) remembered(ctx context.Context, d *database) error {
	return d.with(ctx, func(auth *ginauth.Auth) error {
		warm := against(d.name("warm: all"), auth.Guard(), "api-key", d.keys...)
		if err := warmUp(warm.guard, len(d.keys)); err != nil {
			return err
		}
		again := against(d.name("unknown, asked again: none"), auth.Guard(), "api-key", security.NewKey(security.DefaultPrefix))
		again.want = http.StatusUnauthorized
		return errors.Join(t.add(ctx, warm), t.add(ctx, again))
	})
}

// everyTime measures guards that ask the database for each request.
func (t *table) everyTime(ctx context.Context, d *database) error {
	if d.dialector == nil {
		return nil
	}
	db, err := d.gorm()
	if err != nil {
		return err
	}
	err = t.add(ctx, against(d.kind+", a guard written by hand that asks GORM each time", byHand(db), "api-key", d.keys...))
	if err != nil || d.kind != "sqlite" {
		return err
	}
	repo, err := d.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = repo.Close() }()
	return errors.Join(t.add(ctx, echoKeyAuth(repo, d.keys)), t.add(ctx, fiberKeyAuth(repo, d.keys)))
}

// start measures how long it takes from nothing to the first answer.
func (t *table) start(ctx context.Context, d *database) error {
	const starts = 5
	times := []float64{}
	for i := range starts {
		began := time.Now()
		err := d.with(ctx, func(auth *ginauth.Auth) error {
			err := warmUp(against("", auth.Guard(), "api-key", d.keys[i*len(d.keys)/starts]).guard, 1)
			times = append(times, time.Since(began).Seconds())
			return err
		})
		if err != nil {
			return err
		}
	}
	t.fact("start on %s with %s keys, to the first guarded answer: %.0f ms", d.kind, grouped(len(d.keys)), 1000*median(times))
	return nil
}
