package ginauth

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/keycache"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// Problem is the body of every refusal: problem details as of RFC 9457, with
// the members code, errors and proposed_password. Its type is "about:blank".
type Problem struct {
	// Title is the status in words, Status the HTTP status code.
	Title  string `json:"title" example:"Unauthorized"`
	Status int    `json:"status" example:"401"`
	// Code names the reason and stays the same between versions.
	Code string `json:"code" example:"key_expired"`
	// Detail is a sentence for people.
	Detail string `json:"detail" example:"The API key has expired."`
	// Errors names the fields that were refused, if any were.
	Errors []FieldError `json:"errors,omitempty"`
	// ProposedPassword comes with a refused password: a generated one that
	// satisfies the rules, unless Config.PasswordPolicy refuses ten of them. It
	// is neither stored nor logged.
	ProposedPassword string `json:"proposed_password,omitempty"`

	// RetryAfter is sent as the header of that name, in whole seconds.
	RetryAfter time.Duration `json:"-"`
}

// FieldError says what is wrong with one field of a request.
type FieldError struct {
	Field  string `json:"field" example:"email"`
	Code   string `json:"code" example:"email_invalid"`
	Detail string `json:"detail" example:"The email address must be a plain address like name@example.org."`
}

// Error implements error.
func (p Problem) Error() string { return p.Code }

func problem(status int, code, detail string) Problem {
	return Problem{Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// invalidFields is the refusal of a body that was understood.
func invalidFields(fields ...FieldError) Problem {
	p := problem(http.StatusUnprocessableEntity, "fields_invalid", "Some fields cannot be accepted.")
	p.Errors = fields
	return p
}

// invalidField makes an error of package security one of a field.
func invalidField(name string, err error) FieldError {
	var rule security.RuleError
	if errors.As(err, &rule) {
		return FieldError{name, rule.Code, rule.Detail}
	}
	return FieldError{name, name + "_invalid", "This cannot be accepted."}
}

// problemOf is the one table from errors to answers. An error that it does not
// know means that the store could not be asked.
func problemOf(err error) Problem {
	var known Problem
	var conflict *repository.ConflictError
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, keycache.ErrOverloaded):
		return outage("overloaded", "Too many keys wait to be checked at the moment.")
	case errors.Is(err, repository.ErrNotFound):
		return problem(http.StatusNotFound, "key_not_found", "There is no such key.")
	case errors.Is(err, repository.ErrRevoked):
		return problem(http.StatusConflict, "key_revoked", "The key is revoked; send \"reactivate\": true to bring it back.")
	case errors.As(err, &conflict) && (conflict.Field == "username" || conflict.Field == "email"):
		return taken(conflict.Field)
	case errors.Is(err, repository.ErrOutdated):
		return problem(http.StatusConflict, "changed_meanwhile", "The user was changed meanwhile; try again.")
	case errors.Is(err, repository.ErrInvalidCursor):
		return invalidFields(FieldError{"cursor", "cursor_invalid", "This must be the next_cursor of the page before, with the other parameters as they were."})
	case errors.Is(err, repository.ErrOutcomeUnknown):
		return outage("outcome_unknown", "The connection to the store was lost before it answered, so the change may have been made. Repeating the call is safe; a repeated /new issues one more key.")
	default:
		return outage("store_unavailable", "The store cannot be asked at the moment.")
	}
}

func taken(field string) Problem {
	p := problem(http.StatusConflict, field+"_taken", "The "+field+" belongs to someone else.")
	p.Errors = []FieldError{{field, field + "_taken", "This is already taken."}}
	return p
}

func tooManyAttempts(detail string, wait time.Duration) Problem {
	p := problem(http.StatusTooManyRequests, "too_many_attempts", detail)
	p.RetryAfter = wait
	return p
}

func outage(code, detail string) Problem {
	p := problem(http.StatusServiceUnavailable, code, detail)
	p.RetryAfter = time.Second
	return p
}

// refuse ends the request with the problem of an error; a 401 carries the
// challenge. What the client may not read, the cause of an outage, goes to the
// log.
func (a *Auth) refuse(c *gin.Context, challenge string, err error) {
	p := problemOf(err)
	if p.Status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", challenge)
	}
	if p.Status == http.StatusServiceUnavailable && c.Request.Context().Err() == nil { // else the client is gone
		a.reportOutage(c, err)
	}
	c.Header("Cache-Control", "no-store")
	if p.RetryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(int(math.Ceil(p.RetryAfter.Seconds()))))
	}
	c.Abort()
	c.Status(p.Status)
	a.config.Respond(c, p)
}

// reportOutage logs why the store could not be asked. Anybody could fill the log
// in no time, so the number of lines is limited, and more so where the store was
// not asked at all.
func (a *Auth) reportOutage(c *gin.Context, err error) {
	const failuresAtOnce = 10
	kind, atOnce := "failures of the store", failuresAtOnce
	var known Problem
	if errors.Is(err, keycache.ErrOverloaded) || errors.Is(err, keycache.ErrStale) || errors.As(err, &known) {
		kind, atOnce = "outages without a query", 1
	}
	a.records.LogLimited(c.Request.Context(), kind, atOnce, slog.LevelError, "the store failed",
		slog.String("path", c.FullPath()), slog.Any("error", err))
}

// respond writes a problem as JSON.
func respond(c *gin.Context, p Problem) {
	c.Header("Content-Type", "application/problem+json")
	c.JSON(p.Status, p)
}
