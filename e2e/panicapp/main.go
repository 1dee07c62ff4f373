// The program is the README's application with endpoints that panic, so that a
// test can read what a crash leaves in the log, and one that shows what a
// handler sees.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httputil"
	"os"
	"syscall"

	"github.com/gin-gonic/gin"

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
	log.Print(r.Run("127.0.0.1:" + os.Getenv("PORT")))
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
