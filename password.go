package ginauth

import (
	"context"

	"github.com/ginauth/ginauth/security"
)

// hashPassword and verifyPassword take a seat first: each hash needs 19 MiB
// and a core for a while, and there are as many seats as cores.

func (a *Auth) hashPassword(ctx context.Context, password string) (string, error) {
	if err := a.takeSeat(ctx); err != nil {
		return "", err
	}
	defer a.leaveSeat()
	return security.HashPassword(password), nil
}

func (a *Auth) verifyPassword(ctx context.Context, hash, password string) (bool, error) {
	if err := a.takeSeat(ctx); err != nil {
		return false, err
	}
	defer a.leaveSeat()
	return security.VerifyPassword(hash, password)
}

func (a *Auth) takeSeat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, seatTimeout)
	defer cancel()
	select {
	case a.hashing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return outage("busy", "Too many passwords are being checked at the moment.")
	}
}

func (a *Auth) leaveSeat() { <-a.hashing }
