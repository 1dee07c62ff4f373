package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ginauth/ginauth/internal/test/testservers"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// changeTimeout is what services give a change.
const changeTimeout = 5 * time.Second

// crew is how many writers there are, and in how many processes.
type crew struct{ processes, writers int }

// printChanges prints how many keys a second are issued on each SQL database, by
// writers of which each waits for the answer to its change.
func printChanges(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("changes", flag.ContinueOnError)
	round := flags.Duration("round", 5*time.Second, "how long each row is measured")
	kinds := flags.String("on", "sqlite,postgres,mysql", "the databases, of which servers are started")
	if err := flags.Parse(args); err != nil {
		return err
	}
	fmt.Fprintln(out, "| database | processes | writers | changes per second | p50 | p99 | slowest | in error |\n|---|--:|--:|--:|--:|--:|--:|--:|")
	for kind := range strings.SplitSeq(*kinds, ",") {
		err := onOwn(ctx, kind, func(d *database) error { return printChangesOn(ctx, d, *round, out) })
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

// onOwn uses an empty database on a server that is started for it. A change is on
// disk when it is acknowledged, which the servers of tests do without.
func onOwn(ctx context.Context, kind string, use func(*database) error) (err error) {
	if kind == "sqlite" {
		d, err := newSQLite()
		if err != nil {
			return err
		}
		return errors.Join(use(d), dropAll(ctx, []*database{d}))
	}
	server, err := startDurable(ctx, kind)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	d, err := newServer(ctx, kind, server.URI)
	if err != nil {
		return err
	}
	return errors.Join(use(d), dropAll(ctx, []*database{d}))
}

func startDurable(ctx context.Context, kind string) (*testservers.Server, error) {
	return testservers.Start(ctx, kind, map[string][]string{
		"postgres": {"-c", "fsync=on", "-c", "max_connections=500", "-c", "shared_preload_libraries=pg_stat_statements"},
		"mysql":    {"--innodb-flush-log-at-trx-commit=1", "--max-connections=500"},
	}[kind]...)
}

func printChangesOn(ctx context.Context, d *database, round time.Duration, out io.Writer) error {
	for _, crew := range []crew{{1, 1}, {1, 8}, {1, 16}, {2, 16}} {
		results, err := crew.issue(ctx, d, round)
		if err != nil {
			return err
		}
		latencies, refused := []float64{}, 0
		for _, r := range results {
			latencies, refused = append(latencies, r.Latencies...), refused+r.Errors
		}
		slices.Sort(latencies)
		millis := func(q float64) float64 { return quantile(latencies, q) / 1e6 }
		fmt.Fprintf(out, "| %s | %d | %d | %s | %.1f ms | %.0f ms | %.0f ms | %d |\n", d.kind, crew.processes, crew.writers,
			grouped(int(float64(len(latencies))/round.Seconds())), millis(0.5), millis(0.99), millis(1), refused)
	}
	return nil
}

// issued is what a process says that has issued keys: how long each took, in
// nanoseconds.
type issued struct {
	Latencies []float64
	Errors    int
}

// issue has the processes begin at the same time.
func (c crew) issue(ctx context.Context, d *database, round time.Duration) (results []issued, err error) {
	environment := []string{
		"BENCH_KIND=" + d.kind, "BENCH_URI=" + d.uri, fmt.Sprint("BENCH_WRITERS=", c.writers/c.processes), "BENCH_ROUND=" + round.String(),
	}
	var children []*child
	for range c.processes {
		var ready bool
		child, err := startChild(ctx, "issue", environment, &ready)
		if err != nil {
			return nil, errors.Join(err, stopAll(children))
		}
		children = append(children, child)
	}
	for _, child := range children {
		err = errors.Join(err, child.input.Close())
	}
	for _, child := range children {
		var result issued
		err = errors.Join(err, child.output.Decode(&result), child.command.Wait())
		results = append(results, result)
	}
	return results, err
}

func stopAll(children []*child) (err error) {
	for _, child := range children {
		err = errors.Join(err, child.stop())
	}
	return err
}

// issue is a process that issues keys. It begins when its input ends.
func issue(ctx context.Context, in io.Reader, out io.Writer) error {
	var writers int
	if _, err := fmt.Sscan(os.Getenv("BENCH_WRITERS"), &writers); err != nil {
		return err
	}
	round, err := time.ParseDuration(os.Getenv("BENCH_ROUND"))
	if err != nil {
		return err
	}
	repo, err := opener(os.Getenv("BENCH_KIND"), os.Getenv("BENCH_URI"))(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = repo.Close() }()
	output := json.NewEncoder(out)
	err = output.Encode(true)
	_, ended := io.Copy(io.Discard, in)
	return errors.Join(err, ended, output.Encode(issueFor(ctx, repo, writers, round)))
}

func issueFor(ctx context.Context, repo repository.Repository, writers int, round time.Duration) (all issued) {
	var group sync.WaitGroup
	var mu sync.Mutex
	end := time.Now().Add(round)
	for range writers {
		group.Go(func() {
			own := issueUntil(ctx, repo, end)
			mu.Lock()
			defer mu.Unlock()
			all.Latencies, all.Errors = append(all.Latencies, own.Latencies...), all.Errors+own.Errors
		})
	}
	group.Wait()
	return all
}

func issueUntil(ctx context.Context, repo repository.Repository, end time.Time) (own issued) {
	for start := time.Now(); start.Before(end); start = time.Now() {
		within, cancel := context.WithTimeout(ctx, changeTimeout)
		err := issueEach(within, repo, []string{security.NewKey(security.DefaultPrefix)})
		cancel()
		if err != nil {
			own.Errors++
			continue
		}
		own.Latencies = append(own.Latencies, float64(time.Since(start)))
	}
	return own
}
