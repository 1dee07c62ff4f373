package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"time"
)

// connections is how many ask at once, each as fast as it is answered.
const connections = 16

// paths are asked in turn.
type paths struct{ unsecure, secure counts }

// printHTTP prints what make bench-http does.
func printHTTP(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("http", flag.ContinueOnError)
	rounds := flags.Int("rounds", 15, "how often each path is asked")
	round := flags.Duration("round", time.Second, "how long, each time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rounds < 1 {
		return errors.New("there must be a round")
	}
	server, err := startServer(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	result, err := server.compare(ctx, *rounds, *round)
	if err != nil {
		return err
	}
	return result.print(out, *rounds, *round)
}

// compare alternates which path comes first, so that nothing favours one.
func (s *server) compare(ctx context.Context, rounds int, round time.Duration) (*paths, error) {
	result := &paths{}
	load, err := dial(s.Address, s.Keys)
	if err != nil {
		return nil, err
	}
	defer load.close()
	steps := []step{{"/unsecure", &result.unsecure}, {"/secure", &result.secure}}
	for _, s := range steps { // which warms the server up
		if _, err := load.run(ctx, s.path, round); err != nil {
			return nil, err
		}
	}
	for range rounds {
		slices.Reverse(steps)
		for _, s := range steps {
			latencies, err := load.run(ctx, s.path, round)
			if err != nil {
				return nil, err
			}
			s.counts.add(latencies, round)
		}
	}
	return result, nil
}

type step struct {
	path   string
	counts *counts
}

func (p *paths) print(out io.Writer, rounds int, round time.Duration) error {
	ratios := make([]float64, rounds)
	for i := range ratios {
		ratios[i] = p.secure.throughput[i] / p.unsecure.throughput[i]
	}
	_, err := fmt.Fprintf(out, "| over loopback, %d connections | requests per second | p50 | p99 |\n|---|--:|--:|--:|\n%s%s\n"+
		"- `/secure` answers %.2f times as many requests as `/unsecure` (median of %d pairs of rounds of %v; quarter of them below %.2f, quarter above %.2f)\n",
		connections, p.unsecure.row("bare Gin, `/unsecure`"), p.secure.row("ginauth, `/secure`, 1,000 keys in memory, sqlite"),
		median(ratios), rounds, round, quantile(ratios, 0.25), quantile(ratios, 0.75))
	return err
}

// counts is what was measured of a path.
type counts struct {
	throughput []float64 // of each round
	latencies  []float64
}

func (t *counts) add(latencies []float64, round time.Duration) {
	t.throughput = append(t.throughput, float64(len(latencies))/round.Seconds())
	t.latencies = append(t.latencies, latencies...)
}

func (t *counts) row(name string) string {
	slices.Sort(t.latencies)
	micros := func(q float64) float64 { return quantile(t.latencies, q) / 1000 }
	return fmt.Sprintf("| %s | %s | %.0f µs | %.0f µs |\n", name, grouped(int(median(t.throughput))), micros(0.5), micros(0.99))
}

func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(q*float64(len(sorted)-1))]
}

// server is this program in another process, so that the load has no part in
// its scheduler and its garbage.
type server struct {
	greeting
	*child
}

// greeting is what the server says when it is there.
type greeting struct {
	Address string
	Keys    []string
}

func startServer(ctx context.Context) (s *server, err error) {
	s = &server{}
	s.child, err = startChild(ctx, "serve", nil, &s.greeting)
	return s, err
}
