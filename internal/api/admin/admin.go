// Package admin is the calls that administer keys and users over HTTP: it reads a
// request, calls a service and writes the answer.
package admin

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/api"
	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/security"
)

// Challenge is how to authenticate for the admin calls.
const Challenge = `ApiKey realm="admin", in="header", name="secret-key"`

// API holds the admin calls.
type API struct {
	api.Base
	secrets security.Secrets
	limiter secretLimiter
	// admitUnknown lets a client address ask for a key that may not exist; done is told
	// whether there was none.
	admitUnknown func(ctx context.Context, address string) (done func(absent bool), err error)
}

// New returns the admin calls for the holders of a secret. A short one is guarded
// more closely.
func New(base api.Base, secrets security.Secrets, isShort bool, admitUnknown func(context.Context, string) (func(bool), error)) *API {
	base.Challenge = func(*http.Request) string { return Challenge }
	return &API{base, secrets, newSecretLimiter(isShort), admitUnknown}
}

// withoutDeadline is the context of an export, which ends with its client.
func withoutDeadline(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

// context is that of a call with the admin secret.
func (a *API) context(c *gin.Context) context.Context { return a.Context(c, audit.Admin, "") }

// RequireSecret lets nobody pass without the admin secret.
func (a *API) RequireSecret(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	if err := a.checkSecret(c); err != nil {
		a.recordRefusal(c, err)
		a.Refuse(c, err)
	}
}

// checkSecret takes the secret from its header and compares it.
func (a *API) checkSecret(c *gin.Context) error {
	secret, err := a.Reader.TakeSecret(c)
	if err != nil {
		return err
	}
	if err := a.compare(a.ClientIP(c), secret); err != nil {
		return err
	}
	a.recordPosition(c, a.secrets.Position(secret))
	return nil
}

// recordRefusal records a call without a right secret.
func (a *API) recordRefusal(c *gin.Context, err error) {
	if problem.Is(err, "secret_in_query") { // which has a record of its own
		return
	}
	record := audit.NewRecord(a.Context(c, audit.Anonymous, ""), "admin.login", "", err)
	record.Level = slog.LevelWarn
	a.Records.RecordLimited(c.Request.Context(), record)
}

// recordPosition records that the second of two admin secrets was used, the
// previous one, so that operators see who has not changed to the current one.
func (a *API) recordPosition(c *gin.Context, position int) {
	if position < 2 {
		return
	}
	record := audit.NewRecord(a.context(c), "admin.previous_secret", "", nil)
	record.Level, record.More = slog.LevelWarn, []slog.Attr{slog.Int("position", position)}
	a.Records.RecordLimited(c.Request.Context(), record)
}
