package guard

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ginauth/ginauth/internal/keycache"
	"github.com/ginauth/ginauth/internal/throttle"
	"github.com/ginauth/ginauth/problem"
)

// Queries for keys that turn out not to exist: a client address has so many free,
// and one more after each refill.
const keyGuesses, keyRefill = 60, time.Second

// unknownKeyLimiter bounds the queries for keys that do not exist.
type unknownKeyLimiter struct{ gate *throttle.Gate }

func newUnknownKeyLimiter(now func() time.Time) unknownKeyLimiter {
	return unknownKeyLimiter{throttle.NewGate(keyGuesses, keyRefill, now)}
}

// AdmitUnknown has a query for a key that may not exist take a place of the client
// address. Done is told whether there was none.
func (g *Guard) AdmitUnknown(ctx context.Context, address string) (done func(absent bool), err error) {
	return g.unknownKeys.admit(address)(ctx)
}

// admit has each query for an unknown key take a place of the client address
// first. Only a key that does not exist uses it up. While all places are under
// way, further queries wait, so that good keys are not refused for being many.
func (l unknownKeyLimiter) admit(address string) keycache.Admit {
	return func(ctx context.Context) (done func(absent bool), err error) {
		done, wait, err := l.gate.Enter(ctx, address)
		switch {
		case errors.Is(err, throttle.ErrFull), errors.Is(err, context.DeadlineExceeded):
			return nil, fmt.Errorf("%w: %w", keycache.ErrOverloaded, err)
		case err != nil:
			return nil, err
		case wait > 0:
			return nil, problem.TooManyAttempts("Too many unknown keys from this address.", wait)
		}
		return done, nil
	}
}
