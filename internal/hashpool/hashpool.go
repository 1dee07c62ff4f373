// Package hashpool hashes and verifies passwords in a bounded amount of memory.
package hashpool

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/security"
)

// Timeout bounds the wait until there is memory to hash a password in.
const Timeout = 5 * time.Second

// Priority says from where somebody asks for a hash.
type Priority int

const (
	// Unknown is that of client addresses where no password of the account was
	// right lately. They get half of the memory, so that a flood leaves the other
	// half to those that are known.
	Unknown Priority = iota
	// Known is that of all others.
	Known
)

// Pool is the memory in which passwords are hashed at once, in KiB.
type Pool struct {
	total        int64
	all, unknown *semaphore.Weighted
}

// New returns a pool of so many MiB.
func New(mebibytes int) *Pool {
	total := int64(mebibytes) << 10
	return &Pool{total, semaphore.NewWeighted(total), semaphore.NewWeighted(total / 2)}
}

// Take waits for memory; release gives it back. A hash of another system that
// needs more than there is takes all of it. After Timeout it fails with the
// problem busy.
func (p *Pool) Take(ctx context.Context, kibibytes int, priority Priority) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	if priority == Known {
		n := min(int64(kibibytes), p.total)
		return func() { p.all.Release(n) }, busy(p.all.Acquire(ctx, n))
	}
	n := min(int64(kibibytes), p.total/2)
	if err := p.unknown.Acquire(ctx, n); err != nil {
		return nil, busy(err)
	}
	if err := p.all.Acquire(ctx, n); err != nil {
		p.unknown.Release(n)
		return nil, busy(err)
	}
	return func() { p.all.Release(n); p.unknown.Release(n) }, nil
}

func busy(err error) error {
	if err == nil {
		return nil
	}
	return problem.Unavailable("busy", "Too many passwords are being checked at the moment.")
}

// Hash hashes a new password.
func (p *Pool) Hash(ctx context.Context, password string, priority Priority) (string, error) {
	release, err := p.Take(ctx, security.HashingMemory(""), priority)
	if err != nil {
		return "", err
	}
	defer release()
	return security.HashPassword(password), nil
}

// Verify compares a password with a hash; an empty one, of a user who does not
// exist, takes the same work and matches nothing. A hash that takes less memory
// than ours, such as bcrypt, takes time all the same, and counts as one of ours.
func (p *Pool) Verify(ctx context.Context, hash, password string, priority Priority) (bool, error) {
	release, err := p.Take(ctx, max(security.HashingMemory(hash), security.HashingMemory("")), priority)
	if err != nil {
		return false, err
	}
	defer release()
	if hash == "" {
		security.VerifyNobody(password)
		return false, nil
	}
	return security.VerifyPassword(hash, password)
}
