// Bench measures what guarding a request costs, beside what else one could
// take, and prints Markdown:
//
//	bench table    in process, what a request costs
//	bench admin    what calls of administrators take, with many keys
//	bench http     over loopback, what a server answers per second
//	bench soak     under load: memory and goroutines must end flat
//	bench changes  how many changes a database takes per second
//	bench processes
//	               how much many processes ask of one database
//
// Each takes flags, see bench table -h. Other work of the machine
// changes the times and not the ratios, since rounds alternate.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/gin-gonic/gin"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	gin.SetMode(gin.ReleaseMode)
	commands := map[string]func(context.Context, []string, io.Writer) error{
		"table": printTable, "admin": printAdmin, "http": printHTTP, "soak": soak, "changes": printChanges, "processes": printProcesses,
		// These are the processes that the others start. They end with their input.
		"serve":  func(ctx context.Context, _ []string, out io.Writer) error { return serve(ctx, in, out) },
		"issue":  func(ctx context.Context, _ []string, out io.Writer) error { return issue(ctx, in, out) },
		"member": func(ctx context.Context, _ []string, out io.Writer) error { return member(ctx, in, out) },
	}
	if len(args) == 0 || commands[args[0]] == nil {
		return errors.New("usage: bench table, admin, http, soak, changes or processes")
	}
	return commands[args[0]](ctx, args[1:], out)
}
