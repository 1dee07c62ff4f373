// Package respond answers refused requests: it is the one place that turns the
// kinds of problems into HTTP statuses.
package respond

import (
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/problem"
)

// Body is the body of a refusal, problem details as of RFC 9457.
type Body struct {
	Title  string          `json:"title"`
	Status int             `json:"status"`
	Code   string          `json:"code"`
	Detail string          `json:"detail"`
	Errors []problem.Field `json:"errors,omitempty"`
	// Extra are further members.
	Extra map[string]any `json:"-"`
	// RetryAfter is sent as the header of that name, in whole seconds.
	RetryAfter time.Duration `json:"-"`
}

// MarshalJSON implements json.Marshaler: Extra's members stand beside the others,
// and never in their place.
func (b Body) MarshalJSON() ([]byte, error) {
	type plain Body
	text, err := json.Marshal(plain(b))
	if err != nil || len(b.Extra) == 0 {
		return text, err
	}
	members := maps.Clone(b.Extra)
	err = json.Unmarshal(text, &members)
	if err != nil {
		return nil, err
	}
	return json.Marshal(members)
}

// Status returns the HTTP status of a kind of problems.
func Status(kind problem.Kind) int {
	switch kind {
	case problem.KindMalformed:
		return http.StatusBadRequest
	case problem.KindUnauthenticated:
		return http.StatusUnauthorized
	case problem.KindForbidden:
		return http.StatusForbidden
	case problem.KindNotFound:
		return http.StatusNotFound
	case problem.KindConflict:
		return http.StatusConflict
	case problem.KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case problem.KindUnsupported:
		return http.StatusUnsupportedMediaType
	case problem.KindInvalid:
		return http.StatusUnprocessableEntity
	case problem.KindLimited:
		return http.StatusTooManyRequests
	default: // what nobody has thought of must not let anything pass
		return http.StatusServiceUnavailable
	}
}

// Responder answers refused requests.
type Responder struct {
	// Write writes the body; the headers and the status are set by then.
	Write func(*gin.Context, Body)
	// Report logs an outage.
	Report func(*gin.Context, error)
}

// Refuse ends the request with the problem of an error. A 401 carries the
// challenge. The cause of an outage, which the client must not read, is reported.
func (r Responder) Refuse(c *gin.Context, challenge string, err error) {
	body := newBody(problem.From(err))
	if body.Status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", challenge)
	}
	if body.Status == http.StatusServiceUnavailable && c.Request.Context().Err() == nil { // else the client is gone
		r.Report(c, err)
	}
	c.Header("Cache-Control", "no-store")
	if body.RetryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(int(math.Ceil(body.RetryAfter.Seconds()))))
	}
	if body.Code == "content_encoding_unsupported" {
		c.Header("Accept-Encoding", "identity") // RFC 9110, section 12.5.3
	}
	drain(c)
	c.Abort()
	c.Status(body.Status)
	r.Write(c, body)
}

// RefuseMethod ends a request whose path has other methods (RFC 9110, section 15.5.6).
func (r Responder) RefuseMethod(c *gin.Context, allow string) {
	const status = http.StatusMethodNotAllowed
	c.Header("Allow", allow)
	c.Header("Cache-Control", "no-store")
	drain(c)
	c.Abort()
	c.Status(status)
	r.Write(c, Body{Title: http.StatusText(status), Status: status, Code: "method_not_allowed", Detail: "This path takes " + allow + "."})
}

func newBody(p *problem.Error) Body {
	status := Status(p.Kind)
	return Body{
		Title: http.StatusText(status), Status: status, Code: p.Code, Detail: p.Detail,
		Errors: p.Fields, Extra: p.Extra, RetryAfter: p.RetryAfter,
	}
}

// JSON writes the body of a refusal as application/problem+json.
func JSON(c *gin.Context, body Body) {
	c.Header("Content-Type", "application/problem+json")
	c.JSON(body.Status, body)
}
