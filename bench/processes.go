package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/ginauth/ginauth/internal/test/testservers"
	"github.com/ginauth/ginauth/security"
)

// memberKeys is how many keys each process is asked with.
const memberKeys = 100

// fleet is so many processes on one database.
type fleet struct {
	server  *testservers.Server
	db      *database
	members []*child
	conns   []*connection
}

// demand is what is asked of the database in a second, and in all.
type demand struct {
	statements, serverCPU float64
	connections           int
	resident              float64
}

// printProcesses prints what processes ask of one database: while they are idle, which
// is following the change log, and while each answers requests, which adds writing
// the counts.
func printProcesses(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("processes", flag.ContinueOnError)
	round := flags.Duration("round", 10*time.Second, "how long each row is measured, idle and under load")
	rate := flags.Int("rate", 50, "how many requests each process answers per second")
	sizes := flags.String("processes", "1,4,16", "numbers of processes")
	kinds := flags.String("on", "postgres,mysql", "the databases, of which servers are started")
	if err := flags.Parse(args); err != nil {
		return err
	}
	counts, err := parseSizes(*sizes)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "| database | processes | | connections | statements per second | memory of a process | CPU of the server |\n|---|--:|---|--:|--:|--:|--:|")
	for kind := range strings.SplitSeq(*kinds, ",") {
		for _, n := range counts {
			if err := measureFleet(ctx, kind, n, *rate, *round, out); err != nil {
				return fmt.Errorf("%d processes on %s: %w", n, kind, err)
			}
		}
	}
	return nil
}

func measureFleet(ctx context.Context, kind string, n, rate int, round time.Duration, out io.Writer) (err error) {
	server, err := startDurable(ctx, kind)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	db, err := newServer(ctx, kind, server.URI)
	if err != nil {
		return err
	}
	f := &fleet{server: server, db: db}
	defer func() { err = errors.Join(err, f.end(ctx)) }()
	if err := f.start(ctx, n); err != nil {
		return err
	}
	for _, phase := range []struct {
		name string
		rate int
	}{{"idle", 0}, {fmt.Sprint(rate, " requests per second each"), rate}} {
		d, err := f.measure(ctx, phase.rate, round)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "| %s | %d | %s | %d | %.1f | %.1f MB | %.1f %% |\n", kind, n, phase.name, d.connections, d.statements, d.resident, 100*d.serverCPU)
	}
	return nil
}

// start starts the processes and asks each once with every key, so that what is
// measured is what goes on.
func (f *fleet) start(ctx context.Context, n int) error {
	if err := f.db.fill(ctx, memberKeys); err != nil {
		return err
	}
	if f.db.kind == "postgres" {
		db, err := f.db.gorm()
		if err != nil {
			return err
		}
		if err := db.WithContext(ctx).Exec("CREATE EXTENSION pg_stat_statements SCHEMA public").Error; err != nil {
			return err
		}
	}
	environment := []string{"DATABASE_MODE=" + f.db.kind, "URI=" + f.db.uri, "GINAUTH_SECRET=" + security.NewSecret()}
	for range n {
		var address string
		member, err := startChild(ctx, "member", environment, &address)
		if err != nil {
			return err
		}
		f.members = append(f.members, member)
		conn, err := dialOne(address, f.db.keys)
		if err != nil {
			return err
		}
		f.conns = append(f.conns, conn)
	}
	return f.ask(ctx, memberKeys, time.Second)
}

func (f *fleet) end(ctx context.Context) error {
	for _, conn := range f.conns {
		_ = conn.Close()
	}
	return errors.Join(stopAll(f.members), dropAll(ctx, []*database{f.db}))
}

// measure waits until the counts of what went before are written.
func (f *fleet) measure(ctx context.Context, rate int, round time.Duration) (d demand, err error) {
	if err := f.ask(ctx, rate, settling); err != nil {
		return d, err
	}
	before, err := f.look(ctx)
	if err != nil {
		return d, err
	}
	began := time.Now()
	if err := f.ask(ctx, rate, round); err != nil {
		return d, err
	}
	after, err := f.look(ctx)
	passed := time.Since(began).Seconds()
	after.statements = (after.statements - before.statements - ownStatements) / passed
	after.serverCPU = (after.serverCPU - before.serverCPU) / passed
	return after, err
}

// ask makes requests to each process at a rate, for a while; none at the rate 0.
func (f *fleet) ask(ctx context.Context, rate int, duration time.Duration) (err error) {
	ctx, cancel := context.WithTimeout(ctx, duration)
	defer cancel()
	if rate == 0 {
		<-ctx.Done()
		return nil
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	for _, conn := range f.conns {
		group.Go(func() {
			failed := conn.askAt(ctx, rate, duration)
			mu.Lock()
			defer mu.Unlock()
			err = errors.Join(err, failed)
		})
	}
	group.Wait()
	return err
}

func (c *connection) askAt(ctx context.Context, rate int, duration time.Duration) error {
	ticker := time.NewTicker(time.Second / time.Duration(rate))
	defer ticker.Stop()
	for range int(duration.Seconds() * float64(rate)) {
		if err := c.ask("/secure"); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
	return nil
}
