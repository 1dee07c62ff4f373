package testfaults

import (
	"context"
	"errors"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// call is a method with its arguments.
type call func(ctx context.Context) error

func finding(repo repository.Repository, key models.APIKey) call {
	return func(ctx context.Context) error {
		_, err := repo.KeyByHash(ctx, key.Hash)
		return err
	}
}

// readings returns every method that reads.
func readings(repo repository.Repository, key models.APIKey) map[string]call {
	return map[string]call{
		"KeyByHash": finding(repo, key),
		"UserByUsername": func(ctx context.Context) error {
			_, err := repo.UserByUsername(ctx, "ana")
			return err
		},
		"ListUsage": func(ctx context.Context) error {
			_, err := repo.ListUsage(ctx, repository.UsageFilter{}, repository.Page{Sort: repository.SortID, Limit: 10})
			return err
		},
		"LatestChange": func(ctx context.Context) error {
			_, err := repo.LatestChange(ctx)
			return err
		},
		"Changes": func(ctx context.Context) error {
			_, err := repo.Changes(ctx, repository.Cursor{}, 10)
			return err
		},
	}
}

// flushing makes flushes of a node each.
func flushing(repo repository.Repository, key models.APIKey) call {
	return func(ctx context.Context) error { return repo.AddUsage(ctx, flushOf(newKey().ID, 1, key.ID)) }
}

// occupy makes a call so many times that all connections of its pool wait for
// answers and others for connections.
func (b *bench) occupy(p *proxy, run call) []<-chan error {
	b.Helper()
	p.hold()
	answers := make([]<-chan error, 2*b.Connections)
	for i := range answers {
		answers[i] = start(func() error { return run(b.Context()) })
	}
	b.waitUntil("all connections are busy", func() bool { return p.holding() >= b.Connections })
	return answers
}

// allSucceed waits for answers that have to come.
func (b *bench) allSucceed(doing string, answers []<-chan error) {
	b.Helper()
	for _, answer := range answers {
		b.succeeds(doing, b.comes(doing, answer))
	}
}

// comes waits for an answer.
func (b *bench) comes(doing string, answer <-chan error) error {
	b.Helper()
	select {
	case err := <-answer:
		return err
	case <-time.After(patience):
		b.Fatalf("%s never returns", doing)
		return nil
	}
}

// Connections that were cut while nobody used them, by a restart or by what
// stands in between, are not what later calls fail for.
func idleConnectionsCut(b *bench) {
	repo, _, p := b.openProxied()
	key := b.createKey(repo)
	for name, run := range map[string]call{"KeyByHash": finding(repo, key), "AddUsage": flushing(repo, key)} {
		answers := b.occupy(p, run)
		p.release()
		b.allSucceed(name, answers)
		p.cutAll()
		for range b.Connections + 1 {
			b.failsWith(nil, name+" after the idle connections were cut", run(b.Context()))
		}
	}
	p.cutAll()
	_, err := repo.RevokeKey(b.Context(), act(), key.ID)
	b.failsWith(nil, "RevokeKey after the idle connections were cut", err)
}

// While there is no server calls fail, which is not to say that there is no
// such key. Once it is back they work.
func refusedConnections(b *bench) {
	repo, _, p := b.openProxied()
	key := b.createKey(repo)
	p.refuse(true)
	p.cutAll()
	for name, run := range map[string]call{"KeyByHash": finding(repo, key), "AddUsage": flushing(repo, key)} {
		ctx, cancel := context.WithTimeout(b.Context(), 300*time.Millisecond)
		err := b.returnsPromptly(name, start(func() error { return run(ctx) }))
		cancel()
		if err == nil || errors.Is(err, repository.ErrNotFound) {
			b.Errorf("%s without a server returns %v", name, err)
		}
	}
	p.refuse(false)
	b.succeeds("KeyByHash", finding(repo, key)(b.Context()))
	b.succeeds("AddUsage", flushing(repo, key)(b.Context()))
}

// A call that finds no free connection waits no longer than its context. When
// the others are through, or cut, all is as before.
func exhaustedPool(b *bench) {
	repo, direct, p := b.openProxied()
	key := b.createKey(direct)
	for name, run := range map[string]call{"KeyByHash": finding(repo, key), "AddUsage": flushing(repo, key)} {
		answers := b.occupy(p, run)
		b.expires(name+" without a free connection", run)
		p.release()
		b.allSucceed(name, answers)

		answers = b.occupy(p, run)
		p.cutAll()
		p.release()
		for _, answer := range answers {
			_ = b.comes(name, answer)
		}
		b.succeeds(name, run(b.Context()))
	}
}

// expires reports a call that does not end with its context's deadline.
func (b *bench) expires(doing string, run call) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 200*time.Millisecond)
	defer cancel()
	err := b.returnsPromptly(doing, start(func() error { return run(ctx) }))
	b.failsWith(context.DeadlineExceeded, doing, err)
	if ctx.Err() == nil {
		b.Errorf("%s returns before the deadline", doing)
	}
}
