package guard

import (
	"context"

	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/problem"
)

// Ready reports whether keys can be judged now.
func (g *Guard) Ready(ctx context.Context) error {
	if g.closed.Load() {
		return problem.From(errClosed)
	}
	ctx, cancel := store.Context(ctx)
	defer cancel()
	return store.Problem(g.Cache.Ready(ctx), keyInvalid())
}
