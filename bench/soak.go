package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/security"
)

// samples is how often memory and goroutines are looked at.
const samples = 40

// soak keeps an application busy and fails unless memory and goroutines end
// flat.
func soak(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	duration := flags.Duration("for", 10*time.Minute, "how long")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *duration < samples*time.Millisecond {
		return fmt.Errorf("%v is too short", *duration)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	crowd, err := gather(ctx)
	if err != nil {
		return err
	}
	taken, err := watch(ctx, *duration, out, crowd)
	cancel()
	if err := errors.Join(err, crowd.leave()); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s requests were let through, %s refused, %s keys were issued and revoked\n",
		grouped(int(crowd.passed.Load())), grouped(int(crowd.refused.Load())), grouped(int(crowd.changed.Load())))
	return errors.Join(crowd.idle(), flat(taken))
}

// watch samples at even times and prints each.
func watch(ctx context.Context, duration time.Duration, out io.Writer, crowd *crowd) (taken []sample, err error) {
	fmt.Fprintln(out, "| after | heap | resident | goroutines |\n|--:|--:|--:|--:|")
	ticker := time.NewTicker(duration / samples)
	defer ticker.Stop()
	start := time.Now()
	for range samples {
		select {
		case <-ctx.Done():
			return taken, ctx.Err()
		case err := <-crowd.failed:
			return taken, err
		case <-ticker.C:
		}
		s := takeSample()
		taken = append(taken, s)
		fmt.Fprintf(out, "| %v | %.1f MB | %.1f MB | %.0f |\n", time.Since(start).Round(time.Second), s.heap, s.resident, s.goroutines)
	}
	return taken, nil
}

// soaked is the application: it remembers so few keys that its memory is full
// soon, and believes what address a client names, so that none is throttled.
func soaked(ctx context.Context) (app *httptest.Server, secret string, end func(context.Context) error, err error) {
	file, err := newSQLite()
	if err != nil {
		return nil, "", nil, err
	}
	repo, err := file.open(ctx)
	if err != nil {
		return nil, "", nil, errors.Join(err, file.drop(ctx))
	}
	secret = security.NewSecret()
	auth, err := ginauth.New(repo, ginauth.Config{
		Secrets: []string{secret}, CacheSize: 100, CacheMaxAge: 2 * time.Second, Logger: slog.New(slog.DiscardHandler),
		ClientIP: func(c *gin.Context) string { return c.GetHeader("From") },
	})
	if err != nil {
		return nil, "", nil, errors.Join(err, repo.Close(), file.drop(ctx))
	}
	engine := gin.New()
	auth.RegisterAdmin(engine.Group("/auth"))
	engine.GET("/secure", auth.Guard(), func(c *gin.Context) { c.Status(http.StatusNoContent) })
	app = httptest.NewServer(engine)
	return app, secret, func(ctx context.Context) error {
		app.Close()
		return errors.Join(auth.Close(), file.drop(context.WithoutCancel(ctx)))
	}, nil
}
