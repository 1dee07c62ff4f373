package users

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/ginauth/ginauth/problem"
)

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
