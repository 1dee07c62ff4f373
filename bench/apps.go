package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// client asks an application in this process, always in the same memory, so that
// nothing but the application is measured.
type client struct {
	app     http.Handler
	fresh   *http.Request
	request *http.Request // what becomes of fresh
	header  string
	value   []string
	writer  *discard
}

// newClient asks for a path, with a credential in a header.
func newClient(app http.Handler, path, header string) *client {
	return &client{
		app: app, fresh: httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil), request: new(http.Request),
		header: http.CanonicalHeaderKey(header), value: make([]string, 1),
		writer: &discard{header: http.Header{}},
	}
}

// ask sends a copy of the credential, as a server has it that has just read it:
// waiting for memory that was not used for long is no work of the application.
// Headers are empty before they are filled, whatever the application did.
func (c *client) ask(credential string) int {
	clear(c.writer.header)
	clear(c.fresh.Header)
	*c.request = *c.fresh
	c.value[0] = strings.Clone(credential)
	c.request.Header[c.header] = c.value
	c.app.ServeHTTP(c.writer, c.request)
	return c.writer.status
}

// discard is where answers go.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

// newGin is an application with a route behind the guard and one that is not.
func newGin(guard gin.HandlerFunc) http.Handler {
	engine := gin.New()
	done := func(c *gin.Context) { c.Status(http.StatusNoContent) }
	engine.GET("/secure", guard, done)
	engine.GET("/unsecure", done)
	return engine
}

// newAuth is an Auth as it is configured where nothing is said. Clients that
// name an address are believed.
func newAuth(repo repository.Repository) (*ginauth.Auth, error) {
	return ginauth.New(repo, ginauth.Config{
		Secrets:  []string{security.NewSecret()},
		ClientIP: func(c *gin.Context) string { return c.Request.RemoteAddr },
		Logger:   slog.New(slog.DiscardHandler),
	})
}

// each asks with one of the credentials after the other.
func each(c *client, credentials []string) ask {
	return func(i int) int { return c.ask(credentials[i%len(credentials)]) }
}
