package smtp

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// server is what a URL says.
type server struct {
	host, port     string
	user, password string
	// implicit is TLS from the first byte, plain no TLS at all; otherwise
	// STARTTLS is required.
	implicit, plain bool
}

func (s server) address() string { return net.JoinHostPort(s.host, s.port) }

// parseURL reads the URL of a server. Errors quote none of it, since it may
// hold a password.
func parseURL(text string) (server, error) {
	u, err := url.Parse(text)
	if err != nil {
		return server{}, errors.New("it cannot be read")
	}
	s := server{host: u.Hostname(), implicit: u.Scheme == "smtps"}
	s.plain = !s.implicit && isLoopback(s.host)
	if err := checkParts(u, strings.HasSuffix(text, "#")); err != nil {
		return server{}, err
	}
	if s.port, err = portFrom(u); err != nil {
		return server{}, err
	}
	s.user, s.password, err = loginFrom(u.User)
	return s, err
}

// checkParts refuses what has no meaning here, so that a mistake is noticed.
func checkParts(u *url.URL, emptyFragment bool) error {
	switch {
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return errors.New("it must begin with smtp:// or smtps://")
	case u.Hostname() == "":
		return errors.New("it names no host")
	case u.Path != "" && u.Path != "/":
		return errors.New("it must not have a path")
	case u.RawQuery != "" || u.ForceQuery:
		return errors.New("it must not have parameters")
	case u.Fragment != "" || emptyFragment:
		return errors.New("it must not have a fragment; # in a password is written %23")
	}
	return nil
}

// portFrom returns the port, by default that for the submission of mail (RFC
// 8314).
func portFrom(u *url.URL) (string, error) {
	if strings.HasSuffix(u.Host, ":") {
		return "", errors.New("it has a colon and no port")
	}
	if u.Port() == "" && u.Scheme == "smtps" {
		return "465", nil
	}
	if u.Port() == "" {
		return "587", nil
	}
	number, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || number == 0 {
		return "", errors.New("its port must be a number from 1 to 65535")
	}
	return u.Port(), nil
}

// loginFrom returns user and password: both or neither.
func loginFrom(info *url.Userinfo) (user, password string, err error) {
	if info == nil {
		return "", "", nil
	}
	user = info.Username()
	password, _ = info.Password()
	if user == "" || password == "" {
		return "", "", errors.New("it must have both a user and a password, or neither")
	}
	if strings.Contains(user+password, "\x00") {
		return "", "", errors.New("its user or password has a zero byte")
	}
	return user, password, nil
}

// isLoopback goes by what is written: localhost, 127.0.0.0/8 and ::1. No name
// is resolved, since an attacker may have a say in that.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
