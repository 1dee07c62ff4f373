// Run starts throwaway database servers, runs a command that finds them
// through GINAUTH_TEST_POSTGRES_URI, GINAUTH_TEST_MYSQL_URI and
// GINAUTH_TEST_MONGODB_URI, stops them, and exits as the command did:
//
//	go run ./internal/test/testservers/run postgres,mysql,mongodb go test ./repository/...
//
// A server whose variable is set already is taken as it is. The command is
// told by GINAUTH_TEST_REQUIRE that it must not do without these databases.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/ginauth/ginauth/internal/test/testservers"
)

// stopTimeout is how long the command may take to end when it is interrupted.
const stopTimeout = 10 * time.Second

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "testservers:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

// run returns the command's exit code.
func run(args []string) (code int, err error) {
	if len(args) < 2 {
		return 0, errors.New("usage: run DATABASE,... COMMAND [ARGUMENT ...]")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	environment := append(os.Environ(), "GINAUTH_TEST_REQUIRE="+args[0])
	for _, database := range strings.Split(args[0], ",") {
		variable := "GINAUTH_TEST_" + strings.ToUpper(database) + "_URI"
		if os.Getenv(variable) != "" {
			continue
		}
		server, failed := testservers.Start(ctx, database)
		if failed != nil {
			return 0, failed
		}
		defer func() { err = errors.Join(err, server.Stop()) }()
		environment = append(environment, variable+"="+server.URI)
	}
	return runCommand(ctx, args[1:], environment)
}

func runCommand(ctx context.Context, args, environment []string) (code int, err error) {
	command := exec.CommandContext(ctx, args[0], args[1:]...)
	command.Env = environment
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) } // which lets it clean up
	command.WaitDelay = stopTimeout
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	return 0, err
}
