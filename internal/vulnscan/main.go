// Vulnscan runs govulncheck and fails on vulnerabilities that our code reaches:
//
//	go run ./internal/vulnscan . bench -- govulncheck
//
// The folders are modules; the rest is the command that runs govulncheck. Where
// its database cannot be reached it says so in one line and succeeds: a machine
// without a network is not a finding.
//
// Findings in the standard library are printed and do not fail. The machine's
// Go decides about them, and go.mod does not.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func main() {
	err := run(context.Background(), os.Stdout, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "vulnscan:", err)
		os.Exit(1)
	}
}

// errUnreachable says that govulncheck could not read its database.
var errUnreachable = errors.New("the database of vulnerabilities cannot be reached")

// unreachable begins what govulncheck prints then. It ends with 1 for every
// failure, and never because of a finding when it prints JSON.
const unreachable = "govulncheck: fetching vulnerabilities: "

func run(ctx context.Context, out io.Writer, args []string) error {
	at := slices.Index(args, "--")
	if at < 1 || at == len(args)-1 {
		return errors.New("usage: vulnscan MODULE... -- GOVULNCHECK [ARGUMENT...]")
	}
	failed := false
	for _, module := range args[:at] {
		found, err := scan(ctx, module, args[at+1:])
		if errors.Is(err, errUnreachable) {
			fmt.Fprintf(out, "vulnerabilities: NOT SCANNED, %v\n", err)
			return nil
		}
		if err != nil {
			return fmt.Errorf("scanning %s: %w", module, err)
		}
		failed = report(out, module, found) || failed
	}
	if failed {
		return errors.New("our code reaches vulnerabilities: update the modules above")
	}
	return nil
}

// scan returns what govulncheck finds in a module.
func scan(ctx context.Context, module string, command []string) ([]finding, error) {
	var stdout, stderr bytes.Buffer
	args := append(slices.Clone(command[1:]), "-C", module, "-format", "json", "./...")
	govulncheck := exec.CommandContext(ctx, command[0], args...) //nolint:gosec // the Makefile names the command
	govulncheck.Stdout, govulncheck.Stderr = &stdout, &stderr
	err := govulncheck.Run()
	if cause, ok := unreachableCause(stderr.String()); err != nil && ok {
		return nil, fmt.Errorf("%w: %s", errUnreachable, cause)
	}
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, stderr.Bytes())
	}
	return reached(&stdout)
}

// unreachableCause finds the line that says why the database could not be read.
// On a machine that has not run the tool before, lines of its download come first.
func unreachableCause(stderr string) (cause string, ok bool) {
	for line := range strings.Lines(stderr) {
		if cause, ok := strings.CutPrefix(strings.TrimSpace(line), unreachable); ok {
			return cause, true
		}
	}
	return "", false
}

// finding is a vulnerability and one place in our code that reaches it.
type finding struct {
	OSV          string  `json:"osv"`
	FixedVersion string  `json:"fixed_version"`
	Trace        []frame `json:"trace"`
}

// frame is one step from the vulnerable function up to ours.
type frame struct {
	Module   string `json:"module"`
	Version  string `json:"version"`
	Package  string `json:"package"`
	Function string `json:"function"`
}

func (f finding) inStandardLibrary() bool { return f.Trace[0].Module == "stdlib" }

// reached reads govulncheck's messages and returns the findings that name a
// function, each vulnerability of a module once: the others are in modules or
// packages of which our code calls nothing vulnerable.
func reached(messages io.Reader) ([]finding, error) {
	found, scanned := []finding{}, false
	for decoder := json.NewDecoder(messages); ; {
		var message struct {
			Config  json.RawMessage `json:"config"`
			Finding *finding        `json:"finding"`
		}
		err := decoder.Decode(&message)
		switch {
		case errors.Is(err, io.EOF) && scanned:
			return found, nil
		case err != nil:
			return nil, fmt.Errorf("the output cannot be read: %w", err)
		}
		scanned = scanned || message.Config != nil
		if f := message.Finding; f != nil && len(f.Trace) > 0 && f.Trace[0].Function != "" && !slices.ContainsFunc(found, f.isSame) {
			found = append(found, *f)
		}
	}
}

func (f finding) isSame(other finding) bool {
	return f.OSV == other.OSV && f.Trace[0].Module == other.Trace[0].Module
}

// report prints the findings and tells whether one is in a module that go.mod
// can update.
func report(out io.Writer, module string, found []finding) (failed bool) {
	standard := 0
	for _, f := range found {
		if f.inStandardLibrary() {
			standard++
			continue
		}
		failed = true
		ours := f.Trace[len(f.Trace)-1]
		fmt.Fprintf(out, "%s: %s in %s@%s, reached from %s; fixed in %s\n", module, f.OSV, f.Trace[0].Module, f.Trace[0].Version, ours.Package, cmp.Or(f.FixedVersion, "no version yet"))
	}
	if standard > 0 {
		fmt.Fprintf(out, "%s: WARNING: Go %s of this machine has %d vulnerabilities that the code reaches; update Go\n", module, found[slices.IndexFunc(found, finding.inStandardLibrary)].Trace[0].Version, standard)
	}
	if !failed {
		fmt.Fprintf(out, "%s: no vulnerability in a module is reached\n", module)
	}
	return failed
}
