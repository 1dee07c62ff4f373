package e2e

import (
	"context"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/security"
)

// A database server that is killed under load and comes back: all the while, a
// good key is accepted or answered 503, and a bad one is refused or answered
// 503. Afterwards all goes on by itself, what was acknowledged holds, and what
// was answered 200 is counted.
func TestServerIsKilledUnderLoad(t *testing.T) {
	t.Parallel()
	onEachServer(t, func(t *testing.T, kind string) {
		server := testdatabase.OwnServer(t, kind)
		environment := environmentFrom(kind, testdatabase.NewAt(t, kind, server.URI).String())
		p := startExample(t, append(environment, "GINAUTH_STALE_LIMIT=2s")...)
		l := newLoad(p)
		l.start()
		for range 2 {
			l.waitForProgress()
			server.Kill()
			l.waitForOutages()
			if err := server.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		l.waitForProgress()
		l.end()
		p.stop(syscall.SIGTERM)
		l.expectNothingLost(startExample(t, environment...))
	})
}

// load is what guests and administrators do at once.
type load struct {
	p      *process
	guests []*guest
	admins []*administrator
	ctx    context.Context
	cancel context.CancelFunc
	group  sync.WaitGroup
}

func newLoad(p *process) *load {
	l := &load{p: p}
	l.ctx, l.cancel = context.WithCancel(p.t.Context())
	p.t.Cleanup(l.end)
	for range 4 {
		key, id := p.issue("good")
		l.guests = append(l.guests, &guest{key: key, id: id, want: http.StatusOK})
	}
	key, id := p.issue("revoked")
	expectStatus(p.t, p.admin(secret, "revoke", `{"id":"`+id+`"}`), http.StatusOK)
	l.guests = append(l.guests,
		&guest{key: key, id: id, want: http.StatusUnauthorized, code: "key_revoked"},
		&guest{key: security.NewKey(security.DefaultPrefix), want: http.StatusUnauthorized, code: "key_invalid"})
	l.admins = []*administrator{{name: "first"}, {name: "second"}}
	return l
}

func (l *load) start() {
	for _, g := range l.guests {
		l.group.Go(func() { l.repeat(g.ask) })
	}
	for _, a := range l.admins {
		l.group.Go(func() { l.repeat(a.administer) })
	}
}

// repeat leaves the others some of the processor.
func (l *load) repeat(do func(p *process)) {
	for l.ctx.Err() == nil {
		do(l.p)
		time.Sleep(time.Millisecond)
	}
}

// end waits for what was begun.
func (l *load) end() {
	l.cancel()
	l.group.Wait()
}

// waitForProgress waits until each has got on: from the second time, without
// the process having been started again.
func (l *load) waitForProgress() {
	l.p.t.Helper()
	l.waitForMore("everybody gets on", func(d *deeds) int64 { return d.done.Load() }, 10)
}

func (l *load) waitForOutages() {
	l.p.t.Helper()
	l.waitForMore("everybody meets the outage", func(d *deeds) int64 { return d.outages.Load() }, 1)
}

// waitForMore waits until a number has grown for everybody.
func (l *load) waitForMore(what string, number func(*deeds) int64, by int64) {
	l.p.t.Helper()
	wanted := map[*deeds]int64{}
	for _, g := range l.guests {
		wanted[&g.deeds] = number(&g.deeds) + by
	}
	for _, a := range l.admins {
		wanted[&a.deeds] = number(&a.deeds) + by
	}
	for d, want := range wanted {
		waitUntil(l.p.t, what, func() bool { return number(d) >= want })
	}
}

// expectNothingLost asks a process that was not there.
func (l *load) expectNothingLost(p *process) {
	p.t.Helper()
	for _, g := range l.guests {
		if g.id == "" {
			continue // never issued
		}
		if total := p.usageFrom(g.id); total != g.accepted() {
			p.t.Errorf("%d requests were answered 200, and %d are counted", g.accepted(), total)
		}
	}
	for _, a := range l.admins {
		a.expectNothingLost(p)
	}
}
