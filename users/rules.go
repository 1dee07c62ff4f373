package users

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/security"
)

// passwordRules are those for new passwords: a policy, and what is refused
// whatever the policy.
type passwordRules struct {
	policy func(password string) []security.RuleError
}

// check refuses a password of the user with the given names, and proposes one that
// the rules accept.
func (r passwordRules) check(password string, identities ...string) error {
	broken := slices.Concat(r.policy(password), security.CheckAnyPassword(password, identities...))
	if len(broken) == 0 {
		return nil
	}
	invalid := []problem.Field{}
	seen := map[string]bool{}
	for _, rule := range broken {
		if !seen[rule.Code] {
			invalid = append(invalid, problem.NewField("password", rule.Code, rule.Detail))
		}
		seen[rule.Code] = true
	}
	refusal := problem.InvalidFields(invalid...)
	if proposal := r.propose(identities); proposal != "" {
		refusal.Extra = map[string]any{"proposed_password": proposal}
	}
	return refusal
}

// propose returns none if the policy refuses all that it is shown.
func (r passwordRules) propose(identities []string) string {
	const proposals = 10
	for range proposals {
		if proposal := security.ProposePassword(identities...); len(r.policy(proposal)) == 0 {
			return proposal
		}
	}
	return ""
}

// Resolver is the part of *net.Resolver that looks up where mail goes.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupHost(ctx context.Context, host string) ([]string, error)
}

// mxTimeout bounds the look-up of an address's domain.
const mxTimeout = 3 * time.Second

// checkDomain refuses an address to whose domain nobody could send mail (RFC
// 5321, section 5.1), where that is configured. A look-up that fails refuses
// nothing.
func checkDomain(ctx context.Context, resolver Resolver, canonicalEmail string) error {
	if resolver == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, mxTimeout)
	defer cancel()
	_, domain, _ := strings.Cut(canonicalEmail, "@")
	if takesMail(ctx, resolver, domain) {
		return nil
	}
	return problem.InvalidFields(problem.NewField("email", "email_undeliverable", "The domain of this address takes no mail."))
}

// takesMail reports whether the domain has a mail exchanger or, without any, an
// address. A single exchanger "." says that it takes none (RFC 7505).
func takesMail(ctx context.Context, resolver Resolver, domain string) bool {
	records, err := resolver.LookupMX(ctx, domain)
	if !isAbsent(err) {
		return err != nil || len(records) != 1 || records[0].Host != "."
	}
	_, err = resolver.LookupHost(ctx, domain)
	return !isAbsent(err)
}

func isAbsent(err error) bool {
	var failure *net.DNSError
	return errors.As(err, &failure) && failure.IsNotFound
}
