// The program is a mail server on loopback, on a well-kept implementation of
// SMTP that is not the one which ginauth sends with. It listens on PORT, lets in
// who logs in as LOGIN, and prints each mail that it is given as a line of JSON.
package main

import (
	"encoding/json"
	"io"
	"log"
	"os"
	"sync"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

func main() {
	out := &output{encoder: json.NewEncoder(os.Stdout)}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{out: out}, nil }))
	server.Addr, server.Domain, server.AllowInsecureAuth = "127.0.0.1:"+os.Getenv("PORT"), "mail.example", true
	log.Fatal(server.ListenAndServe())
}

// mail is what is printed.
type mail struct{ From, To, Data string }

// output is shared by the sessions.
type output struct {
	mu      sync.Mutex
	encoder *json.Encoder
}

func (o *output) print(m mail) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.encoder.Encode(m)
}

// session is one client's conversation.
type session struct {
	out   *output
	login string
	mail  mail
}

func (*session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	if mechanism != sasl.Plain {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username+":"+password != os.Getenv("LOGIN") {
			return smtp.ErrAuthFailed
		}
		s.login = username
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.login == "" {
		return smtp.ErrAuthRequired
	}
	s.mail.From = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.To = to
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.Data = string(data)
	return s.out.print(s.mail)
}

func (s *session) Reset() { s.mail = mail{} }

func (*session) Logout() error { return nil }
