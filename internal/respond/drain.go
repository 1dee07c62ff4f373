package respond

import (
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// The bounds of what is read of a body that nobody wants: as much as nginx takes by
// default (client_max_body_size), and no longer than a healthy proxy needs for it.
const (
	maxDrain  = 1 << 20
	drainTime = 2 * time.Second
)

// drain reads the body of a request that is refused, within bounds. A proxy that still
// sends it when the connection closes would report that, and not the answer; net/http
// reads it only where it keeps the connection, which an HTTP/1.0 proxy does not. A client
// that waits for leave to send it gets none.
func drain(c *gin.Context) {
	r := c.Request
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 || r.ProtoMajor > 1 || r.Header.Get("Expect") != "" {
		return
	}
	if http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(drainTime)) != nil {
		return // without a bound it would wait for a client that sends nothing
	}
	_, _ = io.CopyN(io.Discard, r.Body, maxDrain)
}
