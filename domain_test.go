package ginauth_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/mail"
)

// zone answers for a few domains.
type zone struct{}

func none() error { return &net.DNSError{Err: "no such host", IsNotFound: true} }

func (zone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	switch name {
	case "mail.example":
		return []*net.MX{{Host: "mx.mail.example."}}, nil
	case "null.example":
		return []*net.MX{{Host: "."}}, nil
	case "broken.example":
		return nil, errors.New("the resolver is down")
	default:
		return nil, none()
	}
}

func (zone) LookupHost(_ context.Context, host string) ([]string, error) {
	if host == "host.example" {
		return []string{"192.0.2.1"}, nil
	}
	return nil, none()
}

// A domain that takes no mail is refused, if that is looked up; a look-up that
// fails refuses nothing.
func TestDomains(t *testing.T) {
	t.Parallel()
	a := newAccounts(t, func(c *ginauth.Config) { c.Resolver = zone{} })
	for domain, takes := range map[string]bool{
		"mail.example": true, "host.example": true, "broken.example": true, "null.example": false, "missing.example": false,
	} {
		name, _, _ := strings.Cut(domain, ".")
		answer := a.call("/auth/new", fmt.Sprintf(`{"username":%q,"email":"x@%s","password":%q}`, name, domain, password))
		if takes {
			a.expectStatus(answer, 201)
			continue
		}
		expectProblem(t, answer, 422, "fields_invalid", "email")
	}
	answer := a.as("mail", password, "/account/email", `{"email":"x@missing.example"}`)
	expectProblem(t, answer, 422, "fields_invalid", "email")
}

// patient looks names up as long as it may.
type patient struct {
	zone
	left time.Duration
}

func (p *patient) LookupMX(ctx context.Context, _ string) ([]*net.MX, error) {
	deadline, _ := ctx.Deadline()
	p.left = time.Until(deadline)
	return nil, context.DeadlineExceeded
}

// A resolver that does not answer holds nobody up for long, and refuses nobody.
func TestSilentResolver(t *testing.T) {
	t.Parallel()
	p := &patient{}
	a := newApp(t, func(c *ginauth.Config) { c.Resolver = p })
	a.issue(`{` + ada + `}`)
	if p.left <= 0 || p.left > 3*time.Second {
		t.Errorf("a look-up may take %v", p.left)
	}
}

// The settings that mail needs are checked at the start.
func TestConfigOfAccounts(t *testing.T) {
	t.Parallel()
	mailer := &postman{mails: make(chan mail.Message, 1)}
	for name, config := range map[string]ginauth.Config{
		"PublicURL: ":             {Mailer: mailer},
		"RequireConfirmedEmail: ": {RequireConfirmedEmail: true},
		"HashMemory: ":            {HashMemory: ginauth.MinHashMemory - 1},
	} {
		config.Secrets = []string{secret}
		if err := config.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error about %s: %v", name, err)
		}
	}
	for url, good := range map[string]bool{
		"https://example.org": true, "http://localhost:8080": true, "https://example.org/base/": true,
		"example.org": false, "ftp://example.org": false, "https://": false, "https://a:b@example.org": false,
		"https://example.org?x": false, "https://example.org/#": false, "://": false,
	} {
		err := ginauth.Config{Secrets: []string{secret}, Mailer: mailer, PublicURL: url}.Validate()
		if (err == nil) != good || (err != nil && strings.Contains(err.Error(), "a:b")) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// Mails that cannot be sent by the end are counted in the error of Close, which
// does not wait for them.
func TestCloseWithMailsWaiting(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	a.register("ada")
	p.failWith(errors.New("the server is down"))
	a.expectStatus(a.as("ada", password, "/account/confirm/send", `{}`), 202)
	begin := time.Now()
	if err := a.auth.Close(); err == nil || !strings.Contains(err.Error(), "1 messages were not sent") {
		t.Errorf("closing returns %v", err)
	}
	if waited := time.Since(begin); waited > 8*time.Second {
		t.Errorf("closing takes %v", waited)
	}
}
