//go:build unix

package postgres

import (
	"net"
	"testing"
	"time"
)

// A connection is looked at though pgx reads from it in the background, which
// it may go on with for as long as nothing arrives.
func TestQuietWhileBeingRead(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	go func() { _, _ = conn.Read(make([]byte, 1)) }()
	done := make(chan bool)
	go func() {
		quiet := true
		for range 100_000 { // the reader has begun meanwhile
			quiet = quiet && isQuiet(conn)
		}
		done <- quiet
	}()
	select {
	case quiet := <-done:
		if !quiet {
			t.Error("a connection on which nothing has arrived is not quiet")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("looking at a connection waits for its reader")
	}
}
