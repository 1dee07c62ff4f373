// The program is the README's application with endpoints that panic, so that a
// test can read what a crash leaves in the log, one that shows what a handler
// sees, and one that sends events until the key is in force no more.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"os"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/auto"
	"github.com/ginauth/ginauth/docs"
)

func main() {
	auth, err := auto.New(context.Background())
	if err != nil {
		log.Fatal(err)
	}

	r := gin.New()
	r.Use(gin.LoggerWithConfig(gin.LoggerConfig{SkipQueryString: true}), gin.Recovery())

	docs.Register(r, auth)
	auth.RegisterAdmin(r.Group("/auth"))
	for path, reason := range map[string]any{
		"/string": "boom",
		"/pipe":   fmt.Errorf("writing the answer: %w", syscall.EPIPE),
		"/abort":  http.ErrAbortHandler,
		"/fine":   nil,
	} {
		r.GET(path, auth.Guard(), panicking(reason))
	}
	r.GET("/events", auth.Guard(), events)
	log.Print(r.Run("127.0.0.1:" + os.Getenv("PORT")))
}

// events sends an event at once and then each second.
func events(c *gin.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	c.Stream(func(io.Writer) bool {
		c.SSEvent("message", "here")
		c.Writer.Flush()
		select {
		case <-ticker.C:
			return true
		case <-ginauth.Revoked(c):
			return false
		}
	})
}

// panicking shows the request as a handler sees it, or panics if there is a
// reason.
func panicking(reason any) gin.HandlerFunc {
	return func(c *gin.Context) {
		if reason != nil {
			panic(reason)
		}
		seen, err := httputil.DumpRequest(c.Request, false)
		c.String(http.StatusOK, "%s\n%v\n%s %s", seen, err, c.Request.RequestURI, c.Query("api-key"))
	}
}
