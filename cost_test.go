package ginauth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/internal/test/stubstore"
	"github.com/ginauth/ginauth/security"
)

// station is an application with a guarded and an unguarded route.
type station struct {
	engine *gin.Engine
	keys   []string
	writer discard
}

// discard is where answers go: the header stays from one to the next, like
// that of a real server it is empty at first.
type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

func newStation(tb testing.TB, keys int) *station {
	tb.Helper()
	auth, err := ginauth.New(stubstore.Store{}, ginauth.Config{Secrets: []string{secret}, CacheMaxAge: time.Hour, StaleLimit: time.Hour})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = auth.Close() })
	s := &station{engine: gin.New(), writer: discard{http.Header{}}}
	s.engine.GET("/secure", auth.Guard(), func(c *gin.Context) { c.Status(http.StatusNoContent) })
	s.engine.GET("/kept", auth.Guard(ginauth.KeepKey()), func(c *gin.Context) { c.Status(http.StatusNoContent) })
	s.engine.GET("/unsecure", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	for range keys {
		s.keys = append(s.keys, security.NewKey("ga"))
	}
	for _, key := range s.keys {
		s.ask("/secure", key)
	}
	return s
}

func (s *station) request(path string) *http.Request {
	return httptest.NewRequest(http.MethodGet, path, nil)
}

func (s *station) ask(path, key string) {
	r := s.request(path)
	r.Header["Api-Key"] = []string{key}
	s.engine.ServeHTTP(s.writer, r)
}

func BenchmarkGuard(b *testing.B) {
	for _, keys := range []int{1000, 1_000_000} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			s := newStation(b, keys)
			for _, path := range []string{"/unsecure", "/secure", "/kept"} {
				b.Run(path[1:], func(b *testing.B) {
					fresh, r := s.request(path), new(http.Request)
					value := make([]string, 1)
					b.ReportAllocs()
					for i := 0; b.Loop(); i++ {
						clear(s.writer.header)
						clear(fresh.Header)
						*r = *fresh
						value[0] = s.keys[i%len(s.keys)]
						r.Header["Api-Key"] = value
						s.engine.ServeHTTP(s.writer, r)
					}
				})
			}
		})
	}
}
