package ginauth

import (
	"errors"
	"log/slog"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/keycache"
	"github.com/ginauth/ginauth/internal/respond"
	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// Problem is the body of every refusal: problem details as of RFC 9457, with
// the members code and errors, and those of Extra. Its type is "about:blank".
type Problem struct {
	// Title is the status in words, Status the HTTP status code.
	Title  string `json:"title" example:"Unauthorized"`
	Status int    `json:"status" example:"401"`
	// Code names the reason and stays the same between versions.
	Code string `json:"code" example:"key_expired"`
	// Detail is a sentence for people.
	Detail string `json:"detail" example:"The API key has expired."`
	// Errors names the fields that were refused, if any were.
	Errors []problem.Field `json:"errors,omitempty"`
	// Extra are further members. Such as proposed_password, which comes with a
	// refused password: a generated one that satisfies the rules, unless
	// Config.PasswordPolicy refuses ten of them. It is neither stored nor logged.
	Extra map[string]any `json:"-"`

	// RetryAfter is sent as the header of that name, in whole seconds.
	RetryAfter time.Duration `json:"-"`
}

// MarshalJSON implements json.Marshaler: the members of Extra stand beside the
// others.
func (p Problem) MarshalJSON() ([]byte, error) { return respond.Body(p).MarshalJSON() }

// problemFrom turns any error that a call ends with into a problem.
func problemFrom(err error) *problem.Error {
	switch {
	case errors.Is(err, keycache.ErrOverloaded):
		return problem.Unavailable("overloaded", "Too many keys wait to be checked at the moment.").WithCause(err)
	case errors.Is(err, repository.ErrRevoked):
		return problem.Conflict("key_revoked", "The key is revoked; send \"reactivate\": true to bring it back.")
	default:
		return problem.From(store.Problem(err, problem.NotFound("key_not_found", "There is no such key.")))
	}
}

// invalidField makes an error of package security one of a field.
func invalidField(name string, err error) problem.Field {
	var rule security.RuleError
	if errors.As(err, &rule) {
		return problem.NewField(name, rule.Code, rule.Detail)
	}
	return problem.NewField(name, name+"_invalid", "This cannot be accepted.")
}

// newResponder answers refused requests as the configuration says.
func (a *Auth) newResponder() respond.Responder {
	responder := respond.Responder{Write: respond.JSON, Report: a.reportOutage}
	if write := a.config.Respond; write != nil {
		responder.Write = func(c *gin.Context, body respond.Body) { write(c, Problem(body)) }
	}
	return responder
}

// refuse ends the request with the problem of an error.
func (a *Auth) refuse(c *gin.Context, challenge string, err error) {
	a.responder.Refuse(c, challenge, problemFrom(err))
}

// reportOutage logs why the store could not be asked. Anybody could fill the log
// in no time, so the number of lines is limited, and more so where the store was
// not asked at all.
func (a *Auth) reportOutage(c *gin.Context, err error) {
	const failuresAtOnce = 10
	kind, atOnce := "failures of the store", failuresAtOnce
	if errors.Unwrap(err) == nil || errors.Is(err, keycache.ErrOverloaded) || errors.Is(err, keycache.ErrStale) {
		kind, atOnce = "outages without a query", 1
	}
	a.records.LogLimited(c.Request.Context(), kind, atOnce, slog.LevelError, "the store failed",
		slog.String("path", c.FullPath()), slog.Any("error", err))
}
