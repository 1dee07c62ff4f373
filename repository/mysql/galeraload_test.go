package mysql_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

const (
	// loadWriters work through two nodes.
	loadWriters = 16
	// loadFor is how long they are at work.
	loadFor = 6 * time.Second
	// callTimeout is what services give a call.
	callTimeout = 5 * time.Second
	// seenWithin bounds how late a change is in the log of another node.
	seenWithin = time.Second
)

// load is changes and flushes through two nodes of a cluster.
type load struct {
	*testing.T
	repos         []repository.Repository
	done, refused atomic.Int64
	// keys are those whose revocation was acknowledged, by their ids.
	keys sync.Map
}

func (l *load) call(fn func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(l.Context(), callTimeout)
	defer cancel()
	err := fn(ctx)
	if err != nil {
		l.refused.Add(1)
		return err
	}
	l.done.Add(1)
	return nil
}

// write issues a key through one node and revokes it through another, which has it.
func (l *load) write(here, there repository.Repository) error {
	key := newKey()
	if err := l.call(func(ctx context.Context) error {
		return here.CreateKey(ctx, attribution(), key, repository.CreateKeyOptions{})
	}); err != nil {
		return err
	}
	if err := l.call(func(ctx context.Context) error {
		_, err := there.RevokeKey(ctx, attribution(), key.ID)
		return err
	}); err != nil {
		return err
	}
	l.keys.Store(key.ID, acknowledged{key, time.Now()})
	return nil
}

type acknowledged struct {
	key models.APIKey
	at  time.Time
}

// writeUntil has writers at work until stopped; half of them begin at each node.
func (l *load) writeUntil(stop <-chan struct{}) (wait func()) {
	var group sync.WaitGroup
	for i := range loadWriters {
		group.Go(func() {
			for !isClosed(stop) {
				if l.write(l.repos[i%2], l.repos[(i+1)%2]) != nil {
					time.Sleep(20 * time.Millisecond) // or refused connections take all of the processor
				}
			}
		})
	}
	return group.Wait
}

func isClosed(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// follow reads the log of a node as the change feed does, and returns when each
// object was seen last.
func (l *load) follow(repo repository.Repository, stop <-chan struct{}) (seen func() map[string]time.Time) {
	at, err := repo.LatestChange(l.Context())
	if err != nil {
		l.Fatal(err)
	}
	found, ended := map[string]time.Time{}, make(chan struct{})
	go func() {
		defer close(ended)
		for last := false; !last; {
			last = isClosed(stop)
			changes, err := repo.Changes(l.Context(), at, 10_000)
			if err != nil {
				l.Errorf("following the log: %v", err)
				return
			}
			for _, change := range changes {
				found[change.ObjectID], at = time.Now(), repository.NewCursor(change)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	return func() map[string]time.Time { <-ended; return found }
}

// flush adds the usage of the same keys over and over, as a process does, which
// repeats a flush until it is acknowledged. It returns how often it has counted.
func (l *load) flush(repo repository.Repository, keys []models.APIKey, stop <-chan struct{}) (flushed func() int64) {
	counted := make(chan int64)
	go func() {
		node, number := uuid.NewString(), int64(1)
		for ; !isClosed(stop); number++ {
			flush := repository.Flush{Node: node, Number: number}
			for _, key := range keys {
				flush.Usages = append(flush.Usages, models.Usage{KeyID: key.ID, TotalQueries: 1, LatestQueryDate: attribution().At})
				flush.Hours = append(flush.Hours, models.HourUsage{KeyID: key.ID, Route: "/a", Hour: attribution().At, TotalQueries: 1})
			}
			for l.call(func(ctx context.Context) error { return repo.AddUsage(ctx, flush) }) != nil {
			}
			time.Sleep(20 * time.Millisecond)
		}
		counted <- number - 1
	}()
	return func() int64 { return <-counted }
}

// changeUnderLoad lets no change end in an error that a retry can save, counts
// exactly, and shows each change in the log of the node through which it was not
// made within a second.
func (c cluster) changeUnderLoad(t *testing.T) {
	l := &load{T: t, repos: c.repos}
	keys := []models.APIKey{newKey(), newKey(), newKey()}
	for _, key := range keys {
		if err := c.repos[0].CreateKey(t.Context(), attribution(), key, repository.CreateKeyOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	stop, over := make(chan struct{}), make(chan struct{})
	seen := l.follow(c.repos[2], over)
	flushed := []func() int64{l.flush(c.repos[0], keys, stop), l.flush(c.repos[1], keys, stop)}
	wait := l.writeUntil(stop)
	time.Sleep(loadFor)
	close(stop)
	wait()
	counted := flushed[0]() + flushed[1]()
	close(over)
	l.wereSeen(seen())
	l.wereCounted(c.repos[2], keys, counted)
	done, refused := l.done.Load(), l.refused.Load()
	t.Logf("%d changes and flushes, %d of them flushes, and %d errors", done, counted, refused)
	if refused*1000 > done || done < 100 {
		t.Error("more than 0.1 % of the calls ended in an error")
	}
}

func (l *load) wereSeen(seen map[string]time.Time) {
	l.keys.Range(func(id, value any) bool {
		at, ok := seen[id.(string)]
		if late := at.Sub(value.(acknowledged).at); !ok || late > seenWithin {
			l.Errorf("a revocation was seen %v late (%t)", late, ok)
		}
		return true
	})
}

func (l *load) wereCounted(repo repository.Repository, keys []models.APIKey, want int64) {
	for _, key := range keys {
		page, err := repo.ListKeys(l.Context(), repository.KeyFilter{KeyID: key.ID}, repository.Page{Sort: repository.SortID, Limit: 1})
		if err != nil || len(page.Rows) != 1 || page.Rows[0].TotalQueries != want {
			l.Errorf("a key was used %+v (%v), want %d", page.Rows, err, want)
		}
	}
}

// killUnderLoad kills a node through which changes are made. Those through the
// other go on, those through the killed one are refused until it is back, and
// each revocation that was acknowledged is in force on all nodes.
func (c cluster) killUnderLoad(t *testing.T) {
	l := &load{T: t, repos: c.repos}
	stop := make(chan struct{})
	wait := l.writeUntil(stop)
	end := sync.OnceFunc(func() { close(stop); wait() })
	defer end()
	l.goesOn()
	c.nodes[1].Kill()
	killed := time.Now()
	waitFor(t, "the node that is left", func() bool { return l.takesChanges(c.repos[0]) })
	t.Logf("the node that is left takes changes after %v", time.Since(killed))
	if err := c.nodes[1].Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the node that comes back", func() bool { return l.takesChanges(c.repos[1]) })
	t.Logf("the node that was killed takes changes after %v", time.Since(killed))
	l.goesOn()
	end()
	l.areRevoked()
}

// goesOn waits until changes are made.
func (l *load) goesOn() {
	before := l.done.Load()
	waitFor(l.T, "making changes", func() bool { return l.done.Load() > before+100 })
}

// takesChanges makes changes through one node alone.
func (l *load) takesChanges(repo repository.Repository) bool { return l.write(repo, repo) == nil }

func (l *load) areRevoked() {
	n := 0
	l.keys.Range(func(_, value any) bool {
		n++
		for i, repo := range l.repos {
			found, err := repo.KeyByHash(l.Context(), value.(acknowledged).key.Hash)
			if err != nil || !found.IsRevoked() {
				l.Errorf("on node %d a revoked key is %+v (%v)", i, found, err)
				return false
			}
		}
		return true
	})
	l.Logf("%d revocations were acknowledged", n)
}
