package testsmtp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// session is one connection.
type session struct {
	*Server
	conn    net.Conn
	text    *textproto.Conn
	message Message
	over    bool
}

func newSession(s *Server, conn net.Conn) *session {
	session := &session{Server: s}
	session.use(conn, s.options.Implicit)
	return session
}

// use speaks over the connection from now on.
func (s *session) use(conn net.Conn, secure bool) {
	if secure {
		conn = tls.Server(conn, s.tls)
	}
	s.conn, s.text, s.message = conn, textproto.NewConn(conn), Message{Secure: secure}
}

func (s *session) serve() {
	defer func() { _ = s.conn.Close() }()
	s.over = !s.answer(Connect, "220 "+Host)
	for !s.over {
		line, err := s.text.ReadLine()
		if err != nil {
			return
		}
		verb, argument, _ := strings.Cut(line, " ")
		s.do(Stage(strings.ToUpper(verb)), argument)
	}
}

func (s *session) do(command Stage, argument string) {
	switch command {
	case Hello:
		s.message.Name = argument
		s.answer(Hello, greeting(s.extensions(s.message.Secure)))
	case StartTLS:
		if s.answer(StartTLS, "220 go ahead") {
			s.use(s.conn, true)
		}
	case Auth:
		s.login(argument)
	case From:
		s.message.From = argument
		s.answer(From, "250 ok")
	case To:
		s.message.To = argument
		s.answer(To, "250 ok")
	case Data:
		s.receive()
	case Quit:
		s.answer(Quit, "221 bye")
		s.over = true
	default:
		s.say("250 ok")
	}
}

// answer says what the test set, else the good answer, and reports whether it
// was that.
func (s *session) answer(stage Stage, good string) bool {
	switch answer := s.answerAt(stage); answer {
	case "":
		s.say(good)
		return true
	case Silent:
		<-s.stopped
		s.over = true
	case Cut:
		s.over = true
	default:
		s.say(answer)
	}
	return false
}

func (s *session) say(answer string) { _ = s.text.PrintfLine("%s", answer) }

// greeting names the extensions, one a line; all lines but the last have a
// hyphen.
func greeting(extensions []string) (answer string) {
	line := Host
	for _, extension := range extensions {
		answer += "250-" + line + "\r\n"
		line = extension
	}
	return answer + "250 " + line
}

// login takes any name and password.
func (s *session) login(argument string) {
	mechanism, initial, _ := strings.Cut(argument, " ")
	login := strings.TrimPrefix(decoded(initial), "\x00")
	if mechanism == "LOGIN" {
		login = s.ask("Username:") + "\x00" + s.ask("Password:")
	}
	if s.answer(Auth, "235 welcome") {
		s.message.Login = strings.Replace(login, "\x00", ":", 1)
	}
}

func (s *session) ask(question string) string {
	s.say("334 " + base64.StdEncoding.EncodeToString([]byte(question)))
	line, _ := s.text.ReadLine()
	return decoded(line)
}

func decoded(text string) string {
	plain, _ := base64.StdEncoding.DecodeString(text)
	return string(plain)
}

func (s *session) receive() {
	if !s.answer(Data, "354 go on") {
		return
	}
	raw, err := io.ReadAll(s.text.DotReader())
	if err != nil {
		s.over = true
		return
	}
	if s.answerAt(End) == "" {
		s.received <- s.message.with(string(raw)) // before the client goes on
	}
	s.answer(End, "250 queued")
}

// with adds the message's content.
func (m Message) with(raw string) Message {
	m.Raw, m.Header = raw, map[string]string{}
	parsed, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return m
	}
	var words mime.WordDecoder
	for name := range parsed.Header {
		m.Header[name], _ = words.DecodeHeader(parsed.Header.Get(name))
	}
	text, _ := io.ReadAll(quotedprintable.NewReader(parsed.Body))
	m.Text = strings.TrimSuffix(string(text), "\n")
	return m
}

func selfSigned(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{Host}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
