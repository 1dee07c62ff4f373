package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ginauth/ginauth/security"
)

const (
	// users ask with keys that stay good, attackers with made-up ones, and
	// administrators change keys. Attackers and administrators pause, or the
	// database would have no time for anybody else.
	users, attackers, administrators = 4, 2, 2
	pause                            = 2 * time.Millisecond
	goodKeys                         = 200
)

// crowd is the clients of an application.
type crowd struct {
	url, secret string
	client      *http.Client
	keys        []string
	failed      chan error
	group       sync.WaitGroup
	end         func(context.Context) error

	passed, refused, changed atomic.Int64
}

// gather starts an application and its clients, who stay until the context
// ends.
func gather(ctx context.Context) (*crowd, error) {
	app, secret, end, err := soaked(ctx)
	if err != nil {
		return nil, err
	}
	c := &crowd{
		url: app.URL, secret: secret, client: app.Client(), end: end, failed: make(chan error, 1),
	}
	c.client.Timeout = 30 * time.Second
	c.client.Transport.(*http.Transport).MaxIdleConnsPerHost = users + attackers + administrators
	for range goodKeys {
		key, _, err := c.issue(ctx)
		if err != nil {
			return nil, errors.Join(err, end(ctx))
		}
		c.keys = append(c.keys, key)
	}
	for i := range users {
		c.repeat(ctx, func(ctx context.Context, round int) error { return c.use(ctx, i+round*users) })
	}
	for i := range attackers {
		c.repeat(ctx, func(ctx context.Context, round int) error { return c.guess(ctx, i+round*attackers) })
	}
	for range administrators {
		c.repeat(ctx, func(ctx context.Context, _ int) error { return c.administrate(ctx) })
	}
	return c, nil
}

// repeat does something over and over, until the context ends or it fails.
func (c *crowd) repeat(ctx context.Context, do func(ctx context.Context, round int) error) {
	c.group.Go(func() {
		for round := 0; ctx.Err() == nil; round++ {
			err := do(ctx, round)
			if err != nil && ctx.Err() == nil {
				select {
				case c.failed <- err:
				default: // one is enough
				}
				return
			}
		}
	})
}

// leave waits for the clients, whose context has ended, and ends the
// application.
func (c *crowd) leave() error {
	c.group.Wait()
	c.client.CloseIdleConnections()
	return c.end(context.Background())
}

// idle is an error if the crowd did nothing, so that being flat says nothing.
func (c *crowd) idle() error {
	if c.passed.Load() == 0 || c.refused.Load() == 0 || c.changed.Load() == 0 {
		return errors.New("there was no load")
	}
	return nil
}

func (c *crowd) use(ctx context.Context, i int) error {
	c.passed.Add(1)
	return c.knock(ctx, c.keys[i%len(c.keys)], "192.0.2.1", http.StatusNoContent)
}

// guess comes from another address after a few keys.
func (c *crowd) guess(ctx context.Context, i int) error {
	c.refused.Add(1)
	address := fmt.Sprintf("10.%d.%d.%d", i>>20&255, i>>12&255, i>>4&255)
	err := c.knock(ctx, security.NewKey(security.DefaultPrefix), address, http.StatusUnauthorized)
	return errors.Join(err, rest(ctx))
}

// administrate leads a key through its life.
func (c *crowd) administrate(ctx context.Context) error {
	key, id, err := c.issue(ctx)
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return c.knock(ctx, key, "192.0.2.2", http.StatusNoContent) },
		func() error { return c.call(ctx, "renew", `{"id":"`+id+`"}`, http.StatusOK, nil) },
		func() error { return c.knock(ctx, key, "192.0.2.2", http.StatusNoContent) },
		func() error { return c.call(ctx, "revoke", `{"id":"`+id+`"}`, http.StatusOK, nil) },
		func() error { return c.knock(ctx, key, "192.0.2.2", http.StatusUnauthorized) },
		func() error { return rest(ctx) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	c.changed.Add(1)
	return nil
}

func (c *crowd) issue(ctx context.Context) (key, id string, err error) {
	var issued struct {
		ID     string `json:"id"`
		APIKey string `json:"api_key"`
	}
	err = c.call(ctx, "new", `{"name":"soak"}`, http.StatusCreated, &issued)
	return issued.APIKey, issued.ID, err
}

func (c *crowd) knock(ctx context.Context, key, address string, want int) error {
	return c.send(ctx, http.MethodGet, "/secure", "", http.Header{"Api-Key": {key}, "From": {address}}, want, nil)
}

func (c *crowd) call(ctx context.Context, name, body string, want int, into any) error {
	header := http.Header{"Secret-Key": {c.secret}, "Content-Type": {"application/json"}}
	return c.send(ctx, http.MethodPost, "/auth/"+name, body, header, want, into)
}

func (c *crowd) send(ctx context.Context, method, path, body string, header http.Header, want int, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = header
	answer, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return err
	case answer.StatusCode != want:
		return fmt.Errorf("%s %s is answered %d, not %d: %s", method, path, answer.StatusCode, want, text)
	case into == nil:
		return nil
	}
	return json.Unmarshal(text, into)
}

func rest(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
		return nil
	}
}
