package testfaults

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/ginauth/ginauth/repository"
)

// The context is cancelled while the server works on the call: first on what
// comes before the commit, then on the commit itself.
func cancelledUnderWay(b *bench) {
	b.eachVerb(func(r *rig, i int) {
		v, before := r.newVerb(i)
		err := r.cancelOn(v, func([]byte) bool { return true })
		if !errors.Is(err, repository.ErrOutcomeUnknown) || !r.InSteps {
			r.hasChangedNothing(v, before, err)
		}
		r.canBeRepeated(v.name+" that was cancelled", v, err)

		v, _ = r.newVerb(i)
		err = r.cancelOn(v, r.IsCommit)
		r.failsWith(repository.ErrOutcomeUnknown, v.name+" that was cancelled during the commit", err)
		r.canBeRepeated(v.name+" that was cancelled during the commit", v, err)
	})
}

// cancelOn runs a verb and cancels its context when the server has answered
// the first message of a kind, before the answer is through.
func (r *rig) cancelOn(v verb, isIt func(message []byte) bool) error {
	r.Helper()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	var sent atomic.Bool
	r.proxy.judgeBy(func(message []byte) verdict {
		if sent.Load() || !isIt(message) {
			return pass
		}
		sent.Store(true)
		return holdAnswers
	})
	answer := start(func() error { return v.run(ctx, r.repo, act()) })
	r.waitUntil("the server has answered", func() bool { return sent.Load() && r.proxy.holding() > 0 })
	cancel()
	err := r.returnsPromptly(v.name, answer)
	r.proxy.judgeBy(nil)
	r.proxy.release()
	r.failsWith(context.Canceled, v.name+" that was cancelled", err)
	return err
}

// Calls obey their deadlines though nothing is heard of the server, not even
// that it is gone: on connections that are there, on new ones, and when it has
// come back and forgotten all of them.
func silentServer(b *bench) {
	repo, direct, p := b.openProxied()
	key := b.createKey(direct)
	p.hold()
	b.everythingExpires(repo, direct)
	p.cutAll()
	b.everythingExpires(repo, direct)
	p.release()
	b.succeeds("KeyByHash after the silence", finding(repo, key)(b.Context()))
	b.succeeds("AddUsage after the silence", flushing(repo, key)(b.Context()))
}

// everythingExpires makes all calls at once.
func (b *bench) everythingExpires(repo, direct repository.Repository) {
	b.Helper()
	calls := readings(repo, b.createKey(direct))
	for i := range verbs(newKey()) {
		v := verbs(b.createKey(direct))[i]
		calls[v.name] = func(ctx context.Context) error { return v.run(ctx, repo, act()) }
	}
	names, answers := []string{}, []<-chan error{}
	ctx, cancel := context.WithTimeout(b.Context(), 200*time.Millisecond)
	defer cancel()
	for name, run := range calls {
		names, answers = append(names, name), append(answers, start(func() error { return run(ctx) }))
	}
	for i, answer := range answers {
		b.failsWith(context.DeadlineExceeded, names[i], b.returnsPromptly(names[i], answer))
	}
}

// Connections on which no answer ever comes give way to others.
func abandonedConnections(b *bench) {
	repo, direct, p := b.openProxied()
	key := b.createKey(direct)
	for name, run := range map[string]call{"KeyByHash": finding(repo, key), "AddUsage": flushing(repo, key)} {
		ctx, cancel := context.WithTimeout(b.Context(), 500*time.Millisecond)
		answers := b.occupy(p, func(context.Context) error { return run(ctx) })
		p.cutAll() // those who wait for a connection have new ones made, which are silent too
		for _, answer := range answers {
			_ = b.returnsPromptly(name, answer)
		}
		cancel()
		p.abandon()
		b.succeeds(name+" after the silence", b.comes(name, start(func() error { return run(b.Context()) })))
	}
}

// A server that falls silent at any point of Open does not keep it from ending
// with its context.
func silentWhileOpening(b *bench) {
	uri, p := b.byWayOfProxy(b.newDatabase())
	p.hold()
	b.expires("Open", func(ctx context.Context) error { return b.opening(ctx, uri) })
	p.release()
	for n := 1; b.cancelOpen(p, uri, n); n++ {
		if n > 1000 {
			b.Fatal("Open sends too many messages")
		}
	}
}

func (b *bench) opening(ctx context.Context, uri string) error {
	repo, err := b.Open(ctx, uri)
	if err != nil {
		return err
	}
	return repo.Close()
}

// cancelOpen cancels Open after the server has fallen silent at its n-th
// message, and reports whether it had so many.
func (b *bench) cancelOpen(p *proxy, uri string, n int) bool {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	silent := make(chan struct{})
	seen := 0
	p.judgeBy(func([]byte) verdict {
		if seen++; seen != n {
			return pass
		}
		close(silent)
		return holdAnswers
	})
	defer p.judgeBy(nil)
	answer := start(func() error { return b.opening(ctx, uri) })
	select {
	case err := <-answer:
		b.succeeds("Open", err)
		return false
	case <-silent:
	}
	cancel()
	err := b.returnsPromptly("Open", answer)
	p.abandon()
	if !errors.Is(err, context.Canceled) {
		b.Errorf("Open that was cancelled at message %d returns %v", n, err)
	}
	return true
}
