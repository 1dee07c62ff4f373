package testfaults

import (
	"net"
	"sync"
	"sync/atomic"
)

// link is a client's connection and the one to the server that goes with it.
// Both protocols and drivers send a message and wait for its answer, so what
// is read at once is a message or a part of one.
type link struct {
	proxy          *proxy
	client, server net.Conn
	losing         atomic.Bool
	once           sync.Once
	closed         chan struct{}
}

func (l *link) close() {
	l.once.Do(func() {
		close(l.closed)
		_, _ = l.client.Close(), l.server.Close()
	})
}

func (l *link) carryMessages() {
	defer l.close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := l.client.Read(buffer)
		if err != nil {
			return
		}
		switch l.proxy.decide(buffer[:n]) {
		case cut:
			return
		case loseAnswer:
			l.losing.Store(true)
		case pass, holdAnswers:
		}
		if _, err := l.server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (l *link) carryAnswers() {
	defer l.close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := l.server.Read(buffer)
		if err != nil || l.losing.Load() {
			return
		}
		l.proxy.await(l)
		if _, err := l.client.Write(buffer[:n]); err != nil {
			return
		}
	}
}
