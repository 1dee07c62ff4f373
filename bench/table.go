package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// table is what make bench prints.
type table struct {
	out  io.Writer
	pace pace
	// sizes are the numbers of keys, ascending.
	sizes []int
	facts []string
}

func printTable(ctx context.Context, args []string, out io.Writer) (err error) {
	t := &table{out: out}
	flags := flag.NewFlagSet("table", flag.ContinueOnError)
	flags.IntVar(&t.pace.rounds, "rounds", 10, "how often each row is measured")
	flags.DurationVar(&t.pace.round, "round", 100*time.Millisecond, "how long, each time")
	sizes := flags.String("keys", "1000,100000,1000000", "numbers of keys, ascending")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if t.sizes, err = parseSizes(*sizes); err != nil || t.pace.rounds < 1 {
		return cmp.Or(err, errors.New("there must be a round"))
	}
	list, err := databases(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dropAll(ctx, list)) }()
	return t.print(ctx, list)
}

func parseSizes(text string) ([]int, error) {
	sizes := []int{}
	for part := range strings.SplitSeq(text, ",") {
		size, err := strconv.Atoi(part)
		if err != nil || size < 1 {
			return nil, fmt.Errorf("%q is no number of keys", part)
		}
		sizes = append(sizes, size)
	}
	slices.Sort(sizes)
	return sizes, nil
}

func (t *table) print(ctx context.Context, list []*database) error {
	fmt.Fprintln(t.out, "| in process | time | the guard adds | CPU | the guard adds | allocations |")
	fmt.Fprintln(t.out, "|---|--:|--:|--:|--:|--:|")
	steps := []func(context.Context) error{t.memory, t.peers}
	for _, d := range list {
		steps = append(steps, func(ctx context.Context) error { return t.database(ctx, d) })
	}
	defer t.printFacts()
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) printFacts() {
	fmt.Fprintln(t.out)
	for _, fact := range t.facts {
		fmt.Fprintln(t.out, "-", fact)
	}
}

// add measures one row.
func (t *table) add(ctx context.Context, c contestant) error {
	guard, bare, err := t.pace.measure(ctx, c)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "| %s | %s | %s | %s | %s | %d |\n", c.name,
		nanoseconds(guard.time), nanoseconds(guard.time-bare.time), nanoseconds(guard.cpu), nanoseconds(guard.cpu-bare.cpu),
		int(math.Round(guard.allocations-bare.allocations)))
	return nil
}

func nanoseconds(n float64) string {
	if n >= 10_000 {
		return fmt.Sprintf("%.0f µs", n/1000)
	}
	return fmt.Sprintf("%.0f ns", n)
}

// fact is for below the table.
func (t *table) fact(format string, args ...any) {
	t.facts = append(t.facts, fmt.Sprintf(format, args...))
}

// grouped is a number as people read it.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
