package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/auto"
)

// member is a guarded server as an application has it, which takes its database from
// the environment. It says where it is and ends with its input.
func member(ctx context.Context, in io.Reader, out io.Writer) error {
	auth, err := auto.New(ctx, func(c *ginauth.Config) { c.Logger = slog.New(slog.DiscardHandler) })
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, auth.Close())
	}
	app := &http.Server{Handler: newGreeter(auth.Guard()), ReadHeaderTimeout: time.Minute}
	go func() { _ = app.Serve(listener) }()
	err = json.NewEncoder(out).Encode(listener.Addr().String())
	_, ended := io.Copy(io.Discard, in)
	return errors.Join(err, ended, app.Close(), auth.Close())
}
