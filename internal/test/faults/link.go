package faults

import (
	"net"
	"sync"
)

// link is a connection through the proxy.
type link struct {
	proxy          *proxy
	client, server net.Conn
	fate           fate // of the next answer; guarded by the proxy's mu
	ended          chan struct{}
	closing        sync.Once
}

func (l *link) close() {
	l.closing.Do(func() {
		close(l.ended)
		_, _ = l.client.Close(), l.server.Close()
	})
}

func (l *link) end() {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	delete(l.proxy.links, l)
	l.close()
}

func (l *link) carryMessages() {
	defer l.end()
	buffer := make([]byte, 64<<10)
	for {
		n, err := l.client.Read(buffer)
		if err != nil || !l.judge(buffer[:n]) {
			return
		}
		if _, err := l.server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// judge settles a message's fate before it is forwarded, and reports whether
// it may be.
func (l *link) judge(message []byte) bool {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	what := l.proxy.rule(message)
	if what == lose || what == hold {
		l.fate = what
	}
	return what != cut
}

func (l *link) carryAnswers() {
	defer l.end()
	buffer := make([]byte, 64<<10)
	for {
		n, err := l.server.Read(buffer)
		if err != nil || !l.mayPass() {
			return
		}
		if _, err := l.client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// mayPass waits while the answer is held, and reports whether it may go on.
func (l *link) mayPass() bool {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	if l.fate == hold {
		l.waitUntilHealed()
	}
	return l.fate != lose
}

// waitUntilHealed gives the lock away while it waits.
func (l *link) waitUntilHealed() {
	healed := l.proxy.healed
	l.proxy.held++
	l.proxy.mu.Unlock()
	select {
	case <-healed:
	case <-l.ended:
	}
	l.proxy.mu.Lock()
	l.proxy.held--
	l.fate = pass
}
