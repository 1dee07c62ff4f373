package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/postgres"
)

// Two processes share a role that may have five connections, and fifty requests
// at once wait for the few.
func TestFewConnections(t *testing.T) {
	a := newAccount(t)
	a.exec("ALTER ROLE %s CONNECTION LIMIT 5", a.name)
	exercise(t, a.open(repository.MaxConnections(2)), a.open(repository.MaxConnections(2)))
	if n := a.connections(); n > 4 {
		t.Errorf("two processes with two connections each have %d", n)
	}
}

// A single process makes do with what the server grants, without being told,
// from the start and later.
func TestFewerConnectionsThanExpected(t *testing.T) {
	for _, limit := range []int{2, 3, 4, 5, 8} {
		t.Run(string(rune('0'+limit)), func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			a.exec("ALTER ROLE %s CONNECTION LIMIT %d", a.name, limit)
			repo := a.open()
			exercise(t, repo, repo)
		})
	}
}

// The limit comes when the process is under way.
func TestConnectionsAreTakenAway(t *testing.T) {
	a := newAccount(t)
	repo := a.open()
	createAtOnce(t, repo)
	a.exec("ALTER ROLE %s CONNECTION LIMIT 3", a.name)
	a.disconnect()
	createAtOnce(t, repo)
	exercise(t, repo, repo)
}

// However many requests there are, there are no more connections than allowed.
func TestMaxConnections(t *testing.T) {
	for _, most := range []int{2, 3, 4, 6} {
		a := newAccount(t)
		repo := a.open(repository.MaxConnections(most))
		_, listens := repo.(repository.Notifier)
		if listens != (most >= 4) {
			t.Errorf("with %d connections, that one listens is %t", most, listens)
		}
		ctx, stop := context.WithCancel(t.Context())
		var listening sync.WaitGroup
		if notifier, ok := repo.(repository.Notifier); ok {
			listening.Go(func() { _ = notifier.Subscribe(ctx, func() {}) })
		}
		createAtOnce(t, repo)
		if n := a.connections(); n > most {
			t.Errorf("there are %d connections of %d", n, most)
		}
		stop()
		listening.Wait()
	}
}

// A server that takes no connection at all is an error that says what to do,
// and so is a number out of bounds.
func TestNoConnections(t *testing.T) {
	a := newAccount(t)
	a.exec("ALTER ROLE %s CONNECTION LIMIT 0", a.name)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	if _, err := postgres.Open(ctx, a.uri.String()); err == nil || !strings.Contains(err.Error(), "GINAUTH_MAX_CONNECTIONS") {
		t.Errorf("the error does not say what to do: %v", err)
	}
	for _, n := range []int{-1, 1, 1001} {
		if _, err := postgres.Open(ctx, a.uri.String(), repository.MaxConnections(n)); err == nil {
			t.Errorf("%d connections are taken for possible", n)
		}
	}
}

// A role's last connection is waited for, within the deadline of the call.
func TestWaitingForAConnection(t *testing.T) {
	a := newAccount(t)
	repo := a.open(repository.MaxConnections(2))
	key := createKey(t.Context(), t, repo)
	a.exec("ALTER ROLE %s CONNECTION LIMIT 0", a.name)
	a.disconnect()
	ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	if _, err := repo.KeyByHash(ctx, key.Hash); err == nil || errors.Is(err, repository.ErrNotFound) {
		t.Errorf("without a connection a key is answered %v", err)
	}
	timer := time.AfterFunc(100*time.Millisecond, func() { a.exec("ALTER ROLE %s CONNECTION LIMIT 5", a.name) })
	defer timer.Stop()
	if _, err := repo.KeyByHash(t.Context(), key.Hash); err != nil {
		t.Errorf("a connection that comes soon is not waited for: %v", err)
	}
}
