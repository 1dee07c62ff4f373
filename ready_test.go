package ginauth_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/security"
)

// expectCode checks the problem of a call from Go.
func expectCode(t *testing.T, err error, kind problem.Kind, code string) {
	t.Helper()
	var p *problem.Error
	if !errors.As(err, &p) || p.Kind != kind || p.Code != code {
		t.Errorf("the error is %v, want %s", err, code)
	}
}

// A call outside of HTTP is judged and counted as a request is.
func TestCheck(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, id := a.issueKey()
	checked, err := a.auth.Check(t.Context(), ginauth.Attempt{Key: key, Route: "/orders.Orders/List"})
	if err != nil || checked.ID != id || len(checked.Hash) != 0 {
		t.Fatalf("the key %s is judged %+v, %v", id, checked, err)
	}
	waitFor(t, "the call to be counted", func() bool { return a.counted("?id="+id+"&route=/orders.Orders/List") == 1 })
	for text, code := range map[string]string{"": "key_missing", "ga_nonsense": "key_invalid", security.NewKey("ga"): "key_invalid"} {
		_, err := a.auth.Check(t.Context(), ginauth.Attempt{Key: text})
		expectCode(t, err, problem.KindUnauthenticated, code)
	}
	a.call("/auth/revoke", `{"id":"`+id+`"}`)
	_, err = a.auth.Check(t.Context(), ginauth.Attempt{Key: key})
	expectCode(t, err, problem.KindUnauthenticated, "key_revoked")
	_ = a.auth.Close()
	_, err = a.auth.Check(t.Context(), ginauth.Attempt{Key: key})
	expectCode(t, err, problem.KindUnavailable, "store_unavailable")
	if log := a.log.String(); !strings.Contains(log, "action=guard.refuse object_id="+id) || !strings.Contains(log, "outcome=key_revoked") {
		t.Errorf("the refusal is not recorded: %s", log)
	}
}

// Unknown keys of one address are limited, those of another are not, and neither
// are good keys.
func TestCheckLimitsUnknownKeys(t *testing.T) {
	t.Parallel()
	a := newApp(t, quiet)
	key, _ := a.issueKey()
	var err error
	for range 61 {
		_, err = a.auth.Check(t.Context(), ginauth.Attempt{Key: security.NewKey("ga"), Address: "192.0.2.1"})
	}
	expectCode(t, err, problem.KindLimited, "too_many_attempts")
	_, err = a.auth.Check(t.Context(), ginauth.Attempt{Key: security.NewKey("ga"), Address: "192.0.2.2"})
	expectCode(t, err, problem.KindUnauthenticated, "key_invalid")
	if _, err = a.auth.Check(t.Context(), ginauth.Attempt{Key: key, Address: "192.0.2.2"}); err != nil {
		t.Errorf("a good key is refused: %v", err)
	}
}

// An address with a port is limited as the address.
func TestCheckReadsAddressesWithPorts(t *testing.T) {
	a := newApp(t, quiet)
	check := func(address string) error {
		_, err := a.auth.Check(t.Context(), ginauth.Attempt{Key: security.NewKey("ga"), Address: address})
		return err
	}
	for i := range 100 {
		expectCode(t, check(fmt.Sprintf("203.0.113.%d:4000", i)), problem.KindUnauthenticated, "key_invalid")
	}
	for i := range 59 {
		_ = check(fmt.Sprintf("203.0.113.1:%d", 5000+i))
	}
	expectCode(t, check("[::ffff:203.0.113.1]:6000"), problem.KindLimited, "too_many_attempts")
}

// An Auth is ready while the database answers and the change log is read.
func TestReady(t *testing.T) {
	t.Parallel()
	a := newApp(t, quiet)
	ready := func() error { return a.auth.Ready(t.Context()) }
	if err := ready(); err != nil {
		t.Fatalf("a new Auth is not ready: %v", err)
	}
	down := errors.New("the database is down")
	a.repo.failWith(down)
	if err := ready(); !errors.Is(err, down) {
		t.Errorf("without a database it says %v", err)
	}
	a.clock.advance(3 * time.Second)
	a.repo.failWith(nil)
	waitFor(t, "the change log to be read again", func() bool { return ready() == nil })
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.auth.Ready(cancelled); err == nil {
		t.Error("it is ready for a call that was cancelled")
	}
	_ = a.auth.Close()
	expectCode(t, ready(), problem.KindUnavailable, "store_unavailable")
}

// A change log that cannot be read makes an Auth unready, though keys are found.
func TestReadyReadsTheChangeLog(t *testing.T) {
	t.Parallel()
	a := newApp(t, quiet)
	a.repo.failCall("Changes", errors.New("no such table"))
	a.clock.advance(3 * time.Second)
	if lag := a.auth.Stats().ChangeLag; lag < 2*time.Second || a.auth.Ready(t.Context()) == nil {
		t.Errorf("it is ready %v after the log was read", lag)
	}
	a.repo.failCall("", nil)
	waitFor(t, "the change log to be read again", func() bool { return a.auth.Ready(t.Context()) == nil })
}

// The counters know each outcome, and what waits to be written.
func TestStats(t *testing.T) {
	t.Parallel()
	a := newApp(t, quiet)
	a.engine.GET("/open", a.auth.Guard(ginauth.Optional()), showKey)
	key, id := a.issueKey()
	a.do(request{path: "/open"})
	a.guarded("")
	a.repo.failCall("AddUsage", errors.New("the disk is full"))
	a.guarded(key)
	a.guarded(key)
	stats := a.auth.Stats()
	for outcome, n := range map[string]int64{"allowed": 2, "anonymous": 1, "key_missing": 1, "key_revoked": 0} {
		if stats.Requests[outcome] != n {
			t.Errorf("%d requests were %s, want %d", stats.Requests[outcome], outcome, n)
		}
	}
	if stats.CachedKeys != 1 || stats.KeyLoads < 1 || stats.PendingUsage != 1 {
		t.Errorf("the counters are %+v", stats)
	}
	a.repo.failCall("", nil)
	waitFor(t, "usage to be written", func() bool { return a.auth.Stats().PendingUsage == 0 && a.counted("?id="+id) == 2 })
}
