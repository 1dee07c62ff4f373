package e2e

import (
	"io"
	"net"
	"sync"
	"testing"
)

// relay carries connections to a server until it is cut.
type relay struct {
	server   string
	listener net.Listener
	group    sync.WaitGroup
	mu       sync.Mutex
	isCut    bool
	conns    map[net.Conn]bool
}

func newRelay(t *testing.T, server string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{server: server, listener: listener, conns: map[net.Conn]bool{}}
	r.group.Go(r.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		r.cut()
		r.group.Wait()
	})
	return r
}

// cut ends every connection, and those that come until heal at once.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isCut = true
	for conn := range r.conns {
		_ = conn.Close()
	}
}

func (r *relay) heal() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isCut = false
}

func (r *relay) serve() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.group.Go(func() { r.carry(client) })
	}
}

func (r *relay) carry(client net.Conn) {
	server, err := net.Dial("tcp", r.server)
	if err != nil {
		_ = client.Close()
		return
	}
	var both sync.WaitGroup
	for from, to := range map[net.Conn]net.Conn{client: server, server: client} {
		if !r.keep(from) {
			_, _ = client.Close(), server.Close()
			break
		}
		both.Go(func() {
			_, _ = io.Copy(to, from)
			_, _ = client.Close(), server.Close()
		})
	}
	both.Wait()
	r.forget(client, server)
}

// keep reports whether a connection may live.
func (r *relay) keep(conn net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isCut {
		r.conns[conn] = true
	}
	return !r.isCut
}

func (r *relay) forget(conns ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range conns {
		delete(r.conns, conn)
	}
}
