package ginauth

import (
	"errors"
	"log/slog"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/keycache"
	"github.com/ginauth/ginauth/internal/respond"
	"github.com/ginauth/ginauth/problem"
)

// Problem is the body of every refusal: problem details as of RFC 9457, with
// the members code and errors, and those of Extra. Its type is "about:blank".
type Problem struct {
	// Title is the status in words, Status the HTTP status code.
	Title  string `json:"title" validate:"required"`
	Status int    `json:"status" validate:"required" format:"int32"`
	// Code names the reason and stays the same between versions.
	Code string `json:"code" validate:"required"`
	// Detail is a sentence for people.
	Detail string `json:"detail" validate:"required"`
	// Errors names the fields that were refused, if any were.
	Errors []problem.Field `json:"errors,omitempty"`
	// Extra are further members. Such as proposed_password, which comes with a
	// refused password: a generated one that satisfies the rules, unless
	// Config.PasswordPolicy refuses ten of them. It is neither stored nor logged.
	Extra map[string]any `json:"-"`

	// RetryAfter is sent as the header of that name, in whole seconds.
	RetryAfter time.Duration `json:"-"`
} // @name Problem

// MarshalJSON implements json.Marshaler: the members of Extra stand beside the
// others.
func (p Problem) MarshalJSON() ([]byte, error) { return respond.Body(p).MarshalJSON() }

// newResponder answers refused requests as the configuration says.
func newResponder(config Config, records *audit.Recorder) respond.Responder {
	responder := respond.Responder{Write: respond.JSON, Report: reportTo(records)}
	if write := config.Respond; write != nil {
		responder.Write = func(c *gin.Context, body respond.Body) { write(c, Problem(body)) }
	}
	return responder
}

// reportTo logs why the store could not be asked. Anybody could fill the log in no
// time, so the number of lines is limited, and more so where the store was not
// asked at all.
func reportTo(records *audit.Recorder) func(*gin.Context, error) {
	const failuresAtOnce = 10
	return func(c *gin.Context, err error) {
		kind, atOnce := "failures of the store", failuresAtOnce
		if errors.Unwrap(err) == nil || errors.Is(err, keycache.ErrOverloaded) || errors.Is(err, keycache.ErrStale) {
			kind, atOnce = "outages without a query", 1
		}
		records.LogLimited(c.Request.Context(), kind, atOnce, slog.LevelError, "the store failed",
			slog.String("path", c.FullPath()), slog.Any("error", err))
	}
}
