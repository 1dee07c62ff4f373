package faults

import (
	"net"
	"sync"
	"testing"
)

// fate is what becomes of a client's message, or of a new connection.
type fate int

const (
	pass fate = iota // forwarded, and the answer too
	cut              // not forwarded: the connection ends
	lose             // forwarded; the connection ends as soon as the answer is here
	hold             // forwarded; the answer stays here until the proxy is healed
)

// rule decides about a message. A new connection is a nil one.
type rule func(message []byte) fate

// proxy carries connections to a server and does to them what networks do.
// It takes the bytes of one read for a message: the clients wait for the answer to
// each before they send the next.
type proxy struct {
	listener net.Listener
	server   string
	running  sync.WaitGroup

	mu     sync.Mutex
	rule   rule
	links  map[*link]bool
	healed chan struct{} // closed when held answers may go on
	held   int           // answers that are here
}

// startProxy starts one that ends with the test.
func startProxy(t *testing.T, server string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, server: server, links: map[*link]bool{}}
	p.heal()
	p.running.Go(p.serve)
	t.Cleanup(p.stop)
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) stop() {
	_ = p.listener.Close()
	p.cutAll()
	p.running.Wait()
}

// obey makes the rule the one for all messages from now on.
func (p *proxy) obey(r rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rule = r
}

// heal lets everything pass, held answers too.
func (p *proxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.healed != nil {
		close(p.healed)
	}
	p.healed = make(chan struct{})
	p.rule = func([]byte) fate { return pass }
	for l := range p.links {
		l.fate = pass
	}
}

// abandon lets everything pass from now on, but for the connections whose
// answers are held: those stay open and silent.
func (p *proxy) abandon() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.healed = make(chan struct{})
	p.rule = func([]byte) fate { return pass }
}

// strike makes the n-th message that counts meet its fate, and returns a
// function that ends that and reports whether it has happened.
func (p *proxy) strike(n int, counts func(message []byte) bool, what fate) (ended func() bool) {
	left := n // guarded by mu, since rules are asked under it
	p.obey(func(message []byte) fate {
		if message == nil || !counts(message) {
			return pass
		}
		if left--; left == 0 {
			return what
		}
		return pass
	})
	return func() bool {
		p.heal()
		p.mu.Lock()
		defer p.mu.Unlock()
		return left <= 0
	}
}

// hold holds the answers to some messages back.
func (p *proxy) hold(which func(message []byte) bool) {
	p.obey(func(message []byte) fate {
		if message != nil && which(message) {
			return hold
		}
		return pass
	})
}

// refuse ends every connection, and each new one at once.
func (p *proxy) refuse() {
	p.obey(func([]byte) fate { return cut })
	p.cutAll()
}

// cutAll ends every connection and returns when they are closed.
func (p *proxy) cutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.close()
	}
}

func (p *proxy) heldAnswers() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.accept(client)
	}
}

func (p *proxy) accept(client net.Conn) {
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		_ = client.Close()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	l := &link{proxy: p, client: client, server: server, fate: p.rule(nil), ended: make(chan struct{})}
	if l.fate == cut {
		l.close()
		return
	}
	p.links[l] = true
	p.running.Go(l.carryMessages)
	p.running.Go(l.carryAnswers)
}
