package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
)

// servedKeys is how many keys the server has.
const servedKeys = 1000

// serve answers on a port of the loopback that it says, until the input ends.
func serve(ctx context.Context, in io.Reader, out io.Writer) (err error) {
	file, err := newSQLite()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dropAll(ctx, []*database{file})) }()
	if err := file.fill(ctx, servedKeys); err != nil {
		return err
	}
	return file.with(ctx, func(auth *ginauth.Auth) error {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		app := &http.Server{Handler: newGreeter(auth.Guard()), ReadHeaderTimeout: time.Minute}
		go func() { _ = app.Serve(listener) }()
		err = json.NewEncoder(out).Encode(greeting{listener.Addr().String(), file.keys})
		_, ended := io.Copy(io.Discard, in)
		return errors.Join(err, ended, app.Close())
	})
}

const greetingText = "hello"

// newGreeter is an application that answers a few bytes.
func newGreeter(guard gin.HandlerFunc) http.Handler {
	engine := gin.New()
	hello := func(c *gin.Context) { c.String(http.StatusOK, greetingText) }
	engine.GET("/secure", guard, hello)
	engine.GET("/unsecure", hello)
	return engine
}
