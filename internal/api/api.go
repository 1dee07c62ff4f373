// Package api holds what the admin calls and the account calls share: reading
// bodies and queries, writing answers, and the shapes of both.
package api

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/credential"
	"github.com/ginauth/ginauth/internal/respond"
	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/users"
)

// Base is what the handlers of both groups are made of.
type Base struct {
	Keys      *keys.Service
	Users     *users.Service
	Records   *audit.Recorder
	Responder respond.Responder
	// Challenge is how to authenticate, as the request at hand has to be told.
	Challenge func(*http.Request) string
	Reader    *credential.Reader
	ClientIP  func(*gin.Context) string
	Now       func() time.Time
}

// callTimeout bounds a whole call: its steps have bounds of their own.
const callTimeout = 30 * time.Second

// Finish has calls go on after the client has closed its sending side.
func Finish(c *gin.Context) {
	ctx, cancel := store.FinishWithin(c.Request.Context(), callTimeout)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}

// Context returns the context of a call that somebody makes over HTTP.
func (b *Base) Context(c *gin.Context, kind audit.Kind, name string) context.Context {
	return audit.WithActor(c.Request.Context(), audit.Actor{Kind: kind, Name: name, ClientAddress: b.ClientIP(c)})
}

// Refuse ends the request with the problem of an error.
func (b *Base) Refuse(c *gin.Context, err error) { b.Responder.Refuse(c, b.Challenge(c.Request), err) }

// Read reads a body. It refuses and records one that no service gets to see.
func (b *Base) Read(ctx context.Context, c *gin.Context, action string, into any) bool {
	err := readJSON(c, into)
	if err != nil {
		b.Records.Call(ctx, action, "", err)
		b.Refuse(c, err)
	}
	return err == nil
}

// ReadQuery reads the parameters of a list. It refuses and records those that no
// service gets to see.
func (b *Base) ReadQuery(ctx context.Context, c *gin.Context, action string, set func(p *Query, name, value string)) bool {
	err := parseQuery(c.Request.URL.RawQuery, set)
	if err != nil {
		b.Records.Shown(ctx, action, "", nil, 0, err)
		b.Refuse(c, err)
	}
	return err == nil
}

// Answer answers with a body, or with the problem of an error.
func (b *Base) Answer(c *gin.Context, body any, err error) { b.answer(c, http.StatusOK, body, err) }

// Created is Answer for what was created.
func (b *Base) Created(c *gin.Context, body any, err error) {
	b.answer(c, http.StatusCreated, body, err)
}

// Done answers without a body, or with the problem of an error.
func (b *Base) Done(c *gin.Context, status int, err error) {
	if err != nil {
		b.Refuse(c, err)
		return
	}
	c.Status(status)
}

func (b *Base) answer(c *gin.Context, status int, body any, err error) {
	if err != nil {
		b.Refuse(c, err)
		return
	}
	c.JSON(status, body)
}
