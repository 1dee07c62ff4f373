package cookbook

import (
	"sync"

	"golang.org/x/time/rate"
)

// Account is a row of an application's own table of users.
type Account struct {
	Email string `gorm:"primaryKey"`
	KeyID string
}

// limiters are an application's limiters by key.
type limiters struct {
	mu    sync.Mutex
	byKey map[string]*rate.Limiter
	make  func() *rate.Limiter
}

func newLimiters(make func() *rate.Limiter) *limiters {
	return &limiters{byKey: map[string]*rate.Limiter{}, make: make}
}

func (l *limiters) get(id string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byKey[id] == nil {
		l.byKey[id] = l.make()
	}
	return l.byKey[id]
}
