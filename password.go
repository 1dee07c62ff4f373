package ginauth

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/security"
)

// memoryTimeout bounds the wait until there is memory to hash a password in.
const memoryTimeout = 5 * time.Second

// hashing is the memory in which passwords are hashed at once, in KiB. From
// addresses that are not known half of it can be taken, so that a flood leaves
// the other half to those that are.
type hashing struct {
	total          int64
	all, strangers *semaphore.Weighted
}

// Whom a password is hashed for, see hashing.
const stranger, known = false, true

func newHashing(mebibytes int) hashing {
	total := int64(mebibytes) << 10
	return hashing{total, semaphore.NewWeighted(total), semaphore.NewWeighted(total / 2)}
}

// take waits for memory; leave gives it back. A hash of another system that
// needs more than there is takes all of it.
func (h hashing) take(ctx context.Context, kibibytes int, isKnown bool) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, memoryTimeout)
	defer cancel()
	if isKnown {
		n := min(int64(kibibytes), h.total)
		return func() { h.all.Release(n) }, busy(h.all.Acquire(ctx, n))
	}
	n := min(int64(kibibytes), h.total/2)
	if err := h.strangers.Acquire(ctx, n); err != nil {
		return nil, busy(err)
	}
	if err := h.all.Acquire(ctx, n); err != nil {
		h.strangers.Release(n)
		return nil, busy(err)
	}
	return func() { h.all.Release(n); h.strangers.Release(n) }, nil
}

func busy(err error) error {
	if err == nil {
		return nil
	}
	return problem.Unavailable("busy", "Too many passwords are being checked at the moment.")
}

// hashPassword hashes a new password, of somebody who is known or of a stranger.
func (a *Auth) hashPassword(ctx context.Context, password string, isKnown bool) (string, error) {
	leave, err := a.hashing.take(ctx, security.HashingMemory(""), isKnown)
	if err != nil {
		return "", err
	}
	defer leave()
	return security.HashPassword(password), nil
}

// verifyPassword compares a password with a hash; an empty one, of a user who
// is not there, takes the same work and matches nothing. A hash that takes less
// memory than ours, such as bcrypt, takes time all the same, and counts as one
// of ours.
func (a *Auth) verifyPassword(ctx context.Context, hash, password string, isKnown bool) (bool, error) {
	leave, err := a.hashing.take(ctx, max(security.HashingMemory(hash), security.HashingMemory("")), isKnown)
	if err != nil {
		return false, err
	}
	defer leave()
	if hash == "" {
		security.VerifyNobody(password)
		return false, nil
	}
	return security.VerifyPassword(hash, password)
}
