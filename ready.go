package ginauth

import (
	"context"
	"time"
)

// Ready reports whether keys can be judged now: the Auth is open, the database
// answers, and the change log was read within two seconds. It asks the database
// once, and is meant for a readiness probe. The error is a *problem.Error of kind
// unavailable; its text is for operators.
func (a *Auth) Ready(ctx context.Context) error { return a.guard.Ready(ctx) }

// Stats are counters since New, and the present state of what runs in the
// background.
type Stats struct {
	// Requests counts uses of keys by outcome: "allowed", "anonymous" (a request
	// without a key, handed on by a guard with Optional or Fallback; once for each
	// such guard), or the code of the refusal, such as "key_revoked".
	Requests map[string]int64
	// CachedKeys is the number of keys in memory, and KeyLoads how often a key was
	// read from the database.
	CachedKeys, KeyLoads int64
	// ChangeLag is the time since the change log was last read to its end.
	ChangeLag time.Duration
	// PendingUsage is the number of counts, each of a key in an hour on a route,
	// that wait to be written to the database.
	PendingUsage int64
}

// Stats returns a snapshot for metrics. It asks no database.
func (a *Auth) Stats() Stats {
	cache := a.cache.Stats()
	return Stats{
		Requests: a.guard.Outcomes(), CachedKeys: cache.Keys, KeyLoads: cache.Loads,
		ChangeLag: cache.Lag, PendingUsage: a.usage.Waiting(),
	}
}
