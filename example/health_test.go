package main

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// The health check succeeds while the example is ready, and says why it fails.
func TestCheckHealth(t *testing.T) {
	capture(t)
	auth, _ := newAuth(t)
	server := httptest.NewServer(newRouter(auth))
	defer server.Close()
	located, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PORT", located.Port())
	check := command([]string{"healthy"})
	if err := check(); err != nil {
		t.Errorf("while it is ready: %v", err)
	}
	if err := auth.Close(); err != nil {
		t.Fatal(err)
	}
	if err := check(); err == nil || !strings.Contains(err.Error(), "not ready") {
		t.Errorf("when it is closed: %v", err)
	}
	server.Close()
	if err := check(); err == nil {
		t.Error("it is healthy without a server")
	}
	if err := command([]string{"helthy"})(); err == nil || !strings.Contains(err.Error(), "usage: example [healthy]") {
		t.Errorf("of a wrong argument it says %v", err)
	}
}
