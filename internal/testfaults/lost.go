package testfaults

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ginauth/ginauth/repository"
)

// rig is a database with a verb's test, by way of a proxy and beside it.
type rig struct {
	*bench
	repo, direct repository.Repository
	proxy        *proxy
}

// eachVerb runs a test for each verb on one database.
func (b *bench) eachVerb(test func(r *rig, verb int)) {
	b.Helper()
	repo, direct, p := b.openProxied()
	for i, v := range verbs(newKey()) {
		b.Run(v.name, func(t *testing.T) { test(&rig{&bench{t, b.Backend}, repo, direct, p}, i) })
	}
}

// newVerb makes the verb's arguments, and returns where the log ends.
func (r *rig) newVerb(i int) (verb, repository.Cursor) {
	r.Helper()
	v := verbs(r.createKey(r.direct))[i]
	return v, r.latest(r.direct)
}

// judged runs a verb while the proxy decides on its messages, and returns how
// many messages were seen that count.
func (r *rig) judged(v verb, counts func(message []byte) bool, decide func(n int) verdict) (seen int, err error) {
	r.proxy.judgeBy(func(message []byte) verdict {
		if !counts(message) {
			return pass
		}
		seen++
		return decide(seen)
	})
	defer r.proxy.judgeBy(nil)
	return seen, v.run(r.Context(), r.repo, act())
}

// The server has done it and the connection breaks before the answer is
// through. The caller hears that the outcome is unknown; whoever repeats the
// call finds it done, and done once.
func lostAcknowledgement(b *bench) {
	b.eachVerb(func(r *rig, i int) {
		v, _ := r.newVerb(i)
		commits, err := r.judged(v, r.IsCommit, func(int) verdict { return pass })
		r.succeeds(v.name, err)
		if commits == 0 {
			r.Fatal("it commits nothing")
		}
		for n := 1; n <= commits; n++ {
			r.loseAnswer(i, n, n == commits)
		}
	})
}

// loseAnswer loses the answer to a call's n-th commit.
func (r *rig) loseAnswer(i, n int, last bool) {
	r.Helper()
	v, before := r.newVerb(i)
	_, err := r.judged(v, r.IsCommit, func(seen int) verdict {
		if seen == n {
			return loseAnswer
		}
		return pass
	})
	if err != nil || !r.InSteps {
		r.failsWith(repository.ErrOutcomeUnknown, v.name, err)
	}
	later := repository.Act{Actor: "admin", Date: noon().Add(time.Hour)}
	if again := v.run(r.Context(), r.repo, later); again != nil || last {
		r.failsWith(v.repeated, v.name+" repeated", again)
	}
	v.isDone(r.bench, r.direct)
	want := v.objects
	if v.twice {
		want = slices.Concat(want, want)
	}
	if got := r.logged(r.direct, before); !slices.Equal(got, want) {
		r.Errorf("after commit %d was lost the log names %v, want %v", n, got, want)
	}
}

// The connection breaks before a message has reached the server. Unless that
// was a commit the call is known to have failed, and nothing has changed. The
// next call works.
func cutBeforeEachMessage(b *bench) {
	b.eachVerb(func(r *rig, i int) {
		for n := 1; r.cutBefore(i, n); n++ {
			if n > 100 {
				r.Fatal("the call sends too many messages")
			}
		}
	})
}

// cutBefore reports whether the call had an n-th message.
func (r *rig) cutBefore(i, n int) bool {
	r.Helper()
	v, before := r.newVerb(i)
	committing := false
	seen, err := r.judged(v, func(message []byte) bool {
		committing = committing || r.IsCommit(message)
		return true
	}, func(seen int) verdict {
		if seen == n {
			return cut
		}
		return pass
	})
	if seen < n {
		r.succeeds(v.name, err)
		return false
	}
	if err != nil && !committing {
		r.hasChangedNothing(v, before, err)
	}
	r.canBeRepeated(fmt.Sprint(v.name, " cut before message ", n), v, err)
	return true
}

func (r *rig) hasChangedNothing(v verb, before repository.Cursor, err error) {
	r.Helper()
	if errors.Is(err, repository.ErrOutcomeUnknown) {
		r.Errorf("%s was not committed, and returns %v", v.name, err)
	}
	if got := r.logged(r.direct, before); len(got) > 0 {
		r.Errorf("%s failed with %v, and the log names %v", v.name, err, got)
	}
}

// canBeRepeated repeats a call that returned an error: as if for the first
// time, unless that said that it may have come into force.
func (r *rig) canBeRepeated(what string, v verb, err error) {
	r.Helper()
	again := v.run(r.Context(), r.repo, act())
	if again != nil && (err == nil || errors.Is(err, repository.ErrOutcomeUnknown)) {
		r.failsWith(v.repeated, what+" and repeated", again)
	} else {
		r.failsWith(nil, fmt.Sprintf("%s, which returned %v, repeated", what, err), again)
	}
	v.isDone(r.bench, r.direct)
}
