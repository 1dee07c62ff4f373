package guard

import (
	"context"
	"net/netip"

	"github.com/ginauth/ginauth/internal/keycache"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
)

// Check judges and counts one use of a key outside of HTTP.
func (g *Guard) Check(ctx context.Context, text, route, address string) (models.APIKey, error) {
	if withPort, err := netip.ParseAddrPort(address); err == nil { // as gRPC and net/http give it
		address = withPort.Addr().String()
	}
	u := &use{text: text, route: route, address: address}
	key, err := g.judgeText(ctx, u)
	if err != nil {
		g.countRefusal(u, key, err)
		return models.APIKey{}, err
	}
	return key.APIKey(), nil
}

func (g *Guard) judgeText(ctx context.Context, u *use) (*keycache.Key, error) {
	if u.text == "" {
		return nil, problem.Unauthenticated("key_missing", "The call carries no API key.")
	}
	return g.judge(ctx, u)
}
