package ginauth

import (
	"context"
	"time"

	"github.com/ginauth/ginauth/models"
)

// Attempt is one use of a key outside of HTTP: by a gRPC call, a message on a
// WebSocket, or a job.
type Attempt struct {
	// Key is the key as the client sent it.
	Key string
	// Route is what the use is counted under, such as the name of the gRPC method.
	// It should have few different values.
	Route string
	// Address is the client's. Clients with the same address share the limit of
	// unknown keys; so do all clients without an address.
	Address string
}

// Check judges, counts and limits one use of a key as the guard does for a
// request, and returns the key. The error is a *problem.Error with the guard's
// codes; of kind unauthenticated for a bad key, limited after too many unknown
// keys from the address, and unavailable if the key cannot be judged.
func (a *Auth) Check(ctx context.Context, attempt Attempt) (models.APIKey, error) {
	return a.guard.Check(ctx, attempt.Key, attempt.Route, attempt.Address)
}

// Ready reports whether keys can be judged now: the Auth is open, the database
// answers, and the change log was read within two seconds. It asks the database
// once, and is meant for a readiness probe. The error is a *problem.Error of kind
// unavailable; its text is for operators.
func (a *Auth) Ready(ctx context.Context) error { return a.guard.Ready(ctx) }

// Stats are counters since New, and the present state of what runs in the
// background.
type Stats struct {
	// Requests counts uses of keys by outcome: "allowed", "anonymous" (a request
	// without a key that Optional or Fallback let pass), or the code of the
	// refusal, such as "key_revoked".
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
