// The example is a whole application: one open endpoint, one that needs an API
// key, the Swagger page, and the calls that administer keys. Run it with
//
//	go run ./example
//
// and open http://localhost:8080/docs. It reads the environment variables of
// ginauth, and PORT. Unless they name a mail server, it logs its mails, and
// with them the links that act for accounts: no application that others reach
// should.
//
//	example healthy
//
// asks the example that runs on PORT whether it is ready, and fails if it is not.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/auto"
	"github.com/ginauth/ginauth/mail"
)

//go:generate go tool -modfile=../tools/go.mod swag init --quiet --parseDependency --parseDependencyLevel 1 --generalInfo routes.go --output docs --outputTypes go

// shutdownTimeout is how long requests that are under way may take to finish.
const shutdownTimeout = 10 * time.Second

func main() {
	if err := command(os.Args[1:])(); err != nil {
		slog.Error("the example fails", "error", err)
		os.Exit(1)
	}
}

// command is what the arguments ask for.
func command(args []string) func() error {
	switch {
	case len(args) == 0:
		return run
	case len(args) == 1 && args[0] == "healthy":
		return checkHealth
	default:
		return func() error { return errors.New("usage: example [healthy]") }
	}
}

// run serves until SIGINT or SIGTERM, then lets the requests that are under
// way finish, and writes the usage that was counted.
func run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once

	auth, err := auto.New(ctx, mailToLog)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, auth.Close()) }()

	address, err := listenAddress() // .env, which is read by now, may say it
	if err != nil {
		return err
	}
	return serve(ctx, &http.Server{
		Addr:              address,
		Handler:           newRouter(auth),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
	})
}

// mailToLog logs mails with links to this machine, unless the environment says
// otherwise.
func mailToLog(c *ginauth.Config) {
	if c.Mailer == nil {
		slog.Warn("GINAUTH_MAILER is not set: mail is logged and not sent, links that act for accounts among it")
		c.Mailer = mail.Log(slog.Default())
	}
	_, isPublic := os.LookupEnv("GINAUTH_PUBLIC_URL")
	_, hasMailer := os.LookupEnv("GINAUTH_MAILER")
	if address, _ := listenAddress(); !isPublic && !hasMailer { // run says what is wrong with it
		c.PublicURL = "http://localhost" + address
	}
}

// listenAddress reads PORT, 8080 if it is not set.
func listenAddress() (string, error) {
	port, ok := os.LookupEnv("PORT")
	if !ok {
		port = "8080"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("PORT: must be a number from 1 to 65535")
	}
	return ":" + port, nil
}

func serve(ctx context.Context, server *http.Server) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", server.Addr)
	if err != nil {
		return err
	}
	slog.Info("listening", "address", listener.Addr().String())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	slog.Info("shutting down")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	return server.Shutdown(ctx)
}
