package testfaults

import (
	"net"
	"sync"
	"testing"
	"time"
)

// proxy stands between a repository and its server and does to connections
// what networks do.
type proxy struct {
	listener net.Listener
	server   string
	serving  sync.WaitGroup

	mutex sync.Mutex
	links map[*link]bool
	// judge decides on each message of a client; nil passes all.
	judge func(message []byte) verdict
	// gate is closed while answers may pass.
	gate chan struct{}
	// held is how many connections have an answer that waits at the gate.
	held int
	// refusing says that new connections are closed at once.
	refusing bool
}

// verdict is what becomes of a message.
type verdict int

const (
	// pass sends it on.
	pass verdict = iota
	// cut cuts the connection instead.
	cut
	// loseAnswer sends it on, waits for the answer, and cuts the connection.
	loseAnswer
	// holdAnswers sends it on and keeps all answers from then on.
	holdAnswers
)

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, server: server, links: map[*link]bool{}, gate: make(chan struct{})}
	close(p.gate)
	p.serving.Go(p.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		p.refuse(true)
		p.cutAll()
		p.serving.Wait()
	})
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.serving.Go(func() { p.connect(client) })
	}
}

func (p *proxy) connect(client net.Conn) {
	server, err := net.DialTimeout("tcp", p.server, 5*time.Second)
	if err != nil {
		_ = client.Close()
		return
	}
	l := &link{proxy: p, client: client, server: server, closed: make(chan struct{})}
	if !p.add(l) {
		l.close()
		return
	}
	p.serving.Go(l.carryAnswers)
	l.carryMessages()
	p.remove(l)
}

func (p *proxy) add(l *link) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.links[l] = !p.refusing
	return !p.refusing
}

func (p *proxy) remove(l *link) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	delete(p.links, l)
}

// cutAll cuts every connection that is open now.
func (p *proxy) cutAll() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for l := range p.links {
		l.close()
	}
}

// refuse closes new connections at once, or no longer.
func (p *proxy) refuse(yes bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.refusing = yes
}

// hold keeps all answers from now on.
func (p *proxy) hold() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.gate = make(chan struct{})
}

// release lets the answers through again.
func (p *proxy) release() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	close(p.gate)
}

// abandon lets later answers through; those that are kept never come, and
// their connections stay open.
func (p *proxy) abandon() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.gate = make(chan struct{})
	close(p.gate)
}

// holding returns how many connections have an answer that is kept.
func (p *proxy) holding() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.held
}

// await counts a connection as held until its answer may pass.
func (p *proxy) await(l *link) {
	gate := p.arrive(1)
	defer p.arrive(-1)
	select {
	case <-gate:
	case <-l.closed:
	}
}

func (p *proxy) arrive(n int) (gate chan struct{}) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.held += n
	return p.gate
}

// judgeBy sets who decides on messages. It is called for one at a time.
func (p *proxy) judgeBy(judge func(message []byte) verdict) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.judge = judge
}

func (p *proxy) decide(message []byte) verdict {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.judge == nil {
		return pass
	}
	verdict := p.judge(message)
	if verdict == holdAnswers {
		p.gate = make(chan struct{})
	}
	return verdict
}
