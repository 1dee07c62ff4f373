package ginauth_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

// exchange sends what is written over one connection, which it closes for sending if asked
// to, and returns the answer.
func exchange(t *testing.T, server *httptest.Server, half bool, write func(io.Writer)) *http.Response {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	write(conn)
	if half {
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// A proxy that speaks HTTP/1.0 sends all of a request before it reads the answer: it must
// not meet a connection that was closed meanwhile.
func TestRefusalReachesAProxyThatStillSends(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	a.engine.POST("/upload", a.auth.Guard(), func(*gin.Context) {})
	server := httptest.NewServer(a.engine)
	defer server.Close()
	body := strings.Repeat("x", 900<<10)
	for path, status := range map[string]int{"/upload": 401, "/auth/new": 401, "/account/password": 401, "/auth/logs": 405} {
		answer := exchange(t, server, false, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "POST %s HTTP/1.0\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", path, len(body))
			if _, err := io.WriteString(w, body); err != nil {
				t.Errorf("%s: the connection was closed meanwhile: %v", path, err)
			}
		})
		if answer.StatusCode != status {
			t.Errorf("%s is answered %s", path, answer.Status)
		}
	}
}

// A client may close its sending side after the request, and gets its answer all the same.
func TestHalfClosedClients(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user := a.register("ada")
	server := httptest.NewServer(a.engine)
	defer server.Close()
	for range 20 {
		for request, status := range map[string]int{
			"GET /secure HTTP/1.1\r\nHost: x\r\napi-key: " + user.key + "\r\n\r\n":                                                                                  200,
			"GET /auth/logs HTTP/1.1\r\nHost: x\r\nsecret-key: " + secret + "\r\n\r\n":                                                                              200,
			"POST /auth/new HTTP/1.1\r\nHost: x\r\nsecret-key: " + secret + "\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n" + `{"name":"s"}`:     201,
			"GET /account HTTP/1.1\r\nHost: x\r\nAuthorization: " + basic("ada", password) + "\r\n\r\n":                                                             200,
			"GET /secure HTTP/1.1\r\nHost: x\r\napi-key: ga_1234567890123456789012345678901234567890123456789\r\n\r\n":                                              401,
			"POST /account/password HTTP/1.1\r\nHost: x\r\nAuthorization: " + basic("ada", password) + "\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx": 415,
		} {
			answer := exchange(t, server, true, func(w io.Writer) { _, _ = io.WriteString(w, request) })
			if answer.StatusCode != status {
				line, _, _ := strings.Cut(request, "\r")
				t.Fatalf("%s is answered %s", line, answer.Status)
			}
		}
	}
}
