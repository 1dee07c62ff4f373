// Ferretdb is a server that speaks MongoDB's protocol, for tests: FerretDB over
// SQLite files in a folder, until SIGTERM or SIGINT. It is a module of its own,
// so that what FerretDB requires reaches nobody who uses ginauth.
//
//	ferretdb -listen 127.0.0.1:27017 -dir /var/lib/ferretdb
//
// It prints "ready" and its URI once it accepts connections.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:27017", "address to listen on; port 0 takes a free one")
	dir := flag.String("dir", ".", "existing folder for the databases")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *listen, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}

// serve returns when ctx has ended and everything is closed. FerretDB itself
// listens on a free port that only the serializingProxy uses.
func serve(ctx context.Context, listen, dir string) (err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return err
	}
	server, err := newServer(dir)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- server.Run(ctx) }()
	defer func() {
		cancel()
		err = errors.Join(err, <-stopped)
	}()

	behind, err := url.Parse(server.MongoDBURI()) // waits until it listens
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	fmt.Printf("ready mongodb://%s/\n", listener.Addr())
	err = (&serializingProxy{behind: behind.Host, dir: dir}).serve(ctx, listener)
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// newServer trades durability for speed: what was written survives the end of
// the process, but not that of the machine.
func newServer(dir string) (*ferretdb.FerretDB, error) {
	files := url.URL{Scheme: "file", Path: dir + "/", RawQuery: "_pragma=synchronous(off)"}
	return ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler:   "sqlite",
		SQLiteURL: files.String(),
	})
}
