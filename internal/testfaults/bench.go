package testfaults

import (
	"errors"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/ginauth/ginauth/internal/testdatabase"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

const (
	// patience is how long a test waits for what has to come.
	patience = 30 * time.Second
	// promptly is how long a call may go on after its context has ended. It
	// leaves room for a slow machine; the drivers' own timeouts are far above.
	promptly = 5 * time.Second
)

// bench is what a test has at hand.
type bench struct {
	*testing.T
	Backend
}

// newDatabase returns the URI of an empty database.
func (b *bench) newDatabase() string {
	b.Helper()
	return b.withOptions(testdatabase.New(b.T, b.Kind))
}

func (b *bench) withOptions(uri *url.URL) string {
	located := *uri
	if b.Options != "" {
		located.RawQuery = located.Query().Encode() + "&" + b.Options
	}
	return located.String()
}

// openURI opens a database until the test ends.
func (b *bench) openURI(uri string) repository.Repository {
	b.Helper()
	repo, err := b.Open(b.Context(), uri)
	b.succeeds("Open", err)
	b.Cleanup(func() { _ = repo.Close() })
	return repo
}

// openTwice opens an empty database as two processes would.
func (b *bench) openTwice() [2]repository.Repository {
	b.Helper()
	uri := b.newDatabase()
	return [2]repository.Repository{b.openURI(uri), b.openURI(uri)}
}

// openProxied opens an empty database by way of a proxy, and beside it.
func (b *bench) openProxied() (repo, direct repository.Repository, p *proxy) {
	b.Helper()
	uri := b.newDatabase()
	proxied, p := b.byWayOfProxy(uri)
	return b.openURI(proxied), b.openURI(uri), p
}

func (b *bench) byWayOfProxy(uri string) (proxied string, p *proxy) {
	b.Helper()
	parsed, err := url.Parse(uri)
	b.succeeds("url.Parse", err)
	p = newProxy(b.T, parsed.Host)
	parsed.Host = p.address()
	return parsed.String(), p
}

// succeeds ends the test unless err is nil: what follows would mislead.
func (b *bench) succeeds(doing string, err error) {
	b.Helper()
	if err != nil {
		b.Fatalf("%s: %v", doing, err)
	}
}

// failsWith reports an error that is not the wanted one, nil included; a
// wanted nil is nil.
func (b *bench) failsWith(want error, doing string, err error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Errorf("%s returns %v, want %v", doing, err, want)
	}
}

// waitUntil waits for a condition that has to come.
func (b *bench) waitUntil(what string, met func() bool) {
	b.Helper()
	for begin := time.Now(); !met(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > patience {
			b.Fatalf("waited in vain until %s", what)
		}
	}
}

// returnsPromptly waits for the answer of a call whose context has ended.
func (b *bench) returnsPromptly(doing string, answer <-chan error) error {
	b.Helper()
	select {
	case err := <-answer:
		return err
	case <-time.After(promptly):
		b.Fatalf("%s goes on for %v though its context has ended", doing, promptly)
		return nil
	}
}

// start runs a call beside the test.
func start(run func() error) <-chan error {
	answer := make(chan error, 1)
	go func() { answer <- run() }()
	return answer
}

// together runs n goroutines at once and returns their errors.
func together(n int, run func(i int) error) []error {
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { errs[i] = run(i) })
	}
	group.Wait()
	return errs
}

// createKey stores a key.
func (b *bench) createKey(repo repository.Repository) models.APIKey {
	b.Helper()
	key := newKey()
	b.succeeds("CreateKey", repo.CreateKey(b.Context(), act(), key))
	return key
}

// finds reports a key that cannot be found.
func (b *bench) finds(repo repository.Repository, key models.APIKey) {
	b.Helper()
	found, err := repo.KeyByHash(b.Context(), key.Hash)
	if err != nil || found.ID != key.ID {
		b.Errorf("KeyByHash returns %q and %v", found.ID, err)
	}
}

// latest returns where the change log ends.
func (b *bench) latest(repo repository.Repository) repository.Cursor {
	b.Helper()
	cursor, err := repo.LatestChange(b.Context())
	b.succeeds("LatestChange", err)
	return cursor
}

// logged returns the ids of what the log names after a cursor.
func (b *bench) logged(repo repository.Repository, after repository.Cursor) []string {
	b.Helper()
	ids := []string{}
	for {
		entries, err := repo.Changes(b.Context(), after, repository.MaxLimit)
		b.succeeds("Changes", err)
		if len(entries) == 0 {
			return ids
		}
		for _, entry := range entries {
			ids, after = append(ids, entry.ObjectID), repository.CursorOf(entry)
		}
	}
}

// totals returns how often each key was used.
func (b *bench) totals(repo repository.Repository) map[string]int64 {
	b.Helper()
	totals := map[string]int64{}
	page := repository.Page{Sort: repository.SortID, Ascending: true, Limit: repository.MaxLimit}
	for {
		read, err := repo.ListUsage(b.Context(), repository.UsageFilter{}, page)
		b.succeeds("ListUsage", err)
		for _, row := range read.Rows {
			totals[row.KeyID] += row.TotalQueries
		}
		if page.Cursor = read.Next; page.Cursor == "" {
			return totals
		}
	}
}
