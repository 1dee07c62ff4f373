// Package testsmtp is an SMTP server on loopback for tests: it keeps what it is
// sent, and refuses, falls silent or hangs up where the test says so.
package testsmtp

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Host is a name in the server's certificate, beside 127.0.0.1.
const Host = "mail.example.org"

// patience is how long a test waits for what should come at once.
const patience = 10 * time.Second

// Stage is a moment of the conversation at which the server answers.
type Stage string

// The stages, in the order of a conversation.
const (
	Connect  Stage = "connect"
	Hello    Stage = "EHLO"
	StartTLS Stage = "STARTTLS"
	Auth     Stage = "AUTH"
	From     Stage = "MAIL"
	To       Stage = "RCPT"
	Data     Stage = "DATA"
	End      Stage = "." // of the message
	Quit     Stage = "QUIT"
)

// These are other reactions of the server than an answer, see Answer.
const (
	Silent = "silent"
	Cut    = "cut"
)

// Options of a server.
type Options struct {
	// Implicit speaks TLS from the first byte, as on port 465.
	Implicit bool
	// Without names extensions that are not offered, of STARTTLS,
	// "AUTH PLAIN LOGIN", 8BITMIME, SMTPUTF8 and ENHANCEDSTATUSCODES.
	Without []string
	// Login is what is offered, such as "AUTH LOGIN"; PLAIN and LOGIN if empty.
	Login string
}

// Message is what the server accepted.
type Message struct {
	// From and To are the arguments of MAIL and RCPT, parameters included.
	From, To string
	// Raw is the message as it came, Header and Text what a person reads.
	Raw    string
	Header map[string]string
	Text   string
	// Name is how the client called itself; Login its "user:password", if any.
	Name, Login string
	// Secure is whether it came over TLS.
	Secure bool
}

// Server accepts all mail until it is told otherwise.
type Server struct {
	// Addr is where it listens, such as "127.0.0.1:2525".
	Addr     string
	options  Options
	listener net.Listener
	tls      *tls.Config
	roots    *x509.CertPool
	received chan Message
	stopped  chan struct{}
	sessions sync.WaitGroup
	accepted chan struct{} // closed when nobody is accepted any more

	mu      sync.Mutex
	answers map[Stage]string
	conns   []net.Conn
	wire    strings.Builder
}

// Start starts a server, which ends with the test.
func Start(t testing.TB, options Options) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	certificate, roots := selfSigned(t)
	s := &Server{
		Addr: listener.Addr().String(), options: options, listener: listener,
		tls: &tls.Config{Certificates: []tls.Certificate{certificate}}, roots: roots,
		received: make(chan Message, 10_000), stopped: make(chan struct{}), accepted: make(chan struct{}), answers: map[Stage]string{},
	}
	go s.accept()
	t.Cleanup(s.stop)
	return s
}

func (s *Server) stop() {
	close(s.stopped)
	_ = s.listener.Close()
	<-s.accepted
	s.mu.Lock()
	for _, conn := range s.conns {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.sessions.Wait()
}

// Roots has the authority that a client must trust.
func (s *Server) Roots() *x509.CertPool { return s.roots }

// Answer sets what is answered at a stage from now on, such as "451 later" or
// "550 5.1.1 unknown", or else Silent or Cut; by an empty one it is accepted
// again.
func (s *Server) Answer(stage Stage, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[stage] = answer
}

// Next waits for the next message that is accepted.
func (s *Server) Next(t testing.TB) Message {
	t.Helper()
	select {
	case m := <-s.received:
		return m
	case <-time.After(patience):
		t.Fatal("no mail comes")
		return Message{}
	}
}

// Waiting is how many messages Next would return at once.
func (s *Server) Waiting() int { return len(s.received) }

// Wire is all that came over the network so far, as an eavesdropper sees it.
func (s *Server) Wire() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wire.String()
}

// Connections is how many there were so far.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// accept serves whoever comes.
func (s *Server) accept() {
	defer close(s.accepted)
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		s.mu.Unlock()
		s.sessions.Go(func() { newSession(s, wiretap{conn, s}).serve() })
	}
}

// wiretap keeps what is read.
type wiretap struct {
	net.Conn
	server *Server
}

func (w wiretap) Read(p []byte) (n int, err error) {
	n, err = w.Conn.Read(p)
	w.server.mu.Lock()
	defer w.server.mu.Unlock()
	w.server.wire.Write(p[:n])
	return n, err
}

func (s *Server) answerAt(stage Stage) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answers[stage]
}

// extensions are those that are offered; encrypted connections need no
// STARTTLS.
func (s *Server) extensions(secure bool) (offered []string) {
	login := s.options.Login
	if login == "" {
		login = "AUTH PLAIN LOGIN"
	}
	for _, extension := range []string{"STARTTLS", login, "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"} {
		if !slices.Contains(s.options.Without, extension) && (!secure || extension != "STARTTLS") {
			offered = append(offered, extension)
		}
	}
	return offered
}
