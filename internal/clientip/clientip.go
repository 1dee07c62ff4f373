// Package clientip tells the address of a client behind proxies.
package clientip

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// maxForwarded bounds how many addresses of the header are read. No chain of
// proxies is longer.
const maxForwarded = 32

var (
	errNoNetwork = errors.New("is no network and no address: write networks such as 10.0.0.0/8 and addresses such as 192.0.2.7")
	errEverybody = errors.New("is every address, so that each client could choose the one that it is limited by: name the networks of the proxies")
	errNoAddress = errors.New("this is no address")
)

// Proxies are the networks whose X-Forwarded-For is trusted.
type Proxies []netip.Prefix

// Parse reads networks and single addresses. The error says which one is
// refused, and why.
func Parse(texts []string) (Proxies, error) {
	proxies := make(Proxies, 0, len(texts))
	for i, text := range texts {
		network, err := parseProxy(text)
		if err != nil {
			return nil, fmt.Errorf("number %d %w", i+1, err)
		}
		proxies = append(proxies, network)
	}
	return proxies, nil
}

func parseProxy(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, errNoNetwork
	}
	bits, address := network.Bits(), network.Addr()
	if address.Is4In6() {
		bits -= 96
	}
	if bits <= 0 {
		return netip.Prefix{}, errEverybody
	}
	return netip.PrefixFrom(address.Unmap(), bits).Masked(), nil
}

func (p Proxies) contain(address netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(address) })
}

// Client returns the address of the client that a connection from the peer and
// the lines of X-Forwarded-For tell of: the last one in the header that is no
// trusted proxy's. It is the peer where that is not a trusted proxy, and where
// the header is missing or cannot be read.
func (p Proxies) Client(peer string, forwardedFor []string) string {
	address, err := netip.ParseAddr(peer)
	if err != nil || !p.contain(plain(address)) {
		return peer
	}
	if client, ok := p.client(forwardedFor); ok {
		return client.String()
	}
	return peer
}

// client reads the lines of the header from the right, where the nearest proxy
// has added the address that it saw. Only what trusted proxies have written is
// read, and the address that the last of them saw.
func (p Proxies) client(lines []string) (client netip.Addr, ok bool) {
	read := 0
	for _, line := range slices.Backward(lines) {
		for rest, more := line, true; more; {
			var part string
			rest, part, more = cutLast(rest)
			if read++; read > maxForwarded {
				return netip.Addr{}, false
			}
			if part == "" { // RFC 9110, section 5.6.1
				continue
			}
			address, err := parseForwarded(part)
			if err != nil {
				return netip.Addr{}, false
			}
			if client, ok = address, true; !p.contain(client) {
				return client, true
			}
		}
	}
	return client, ok
}

// cutLast splits a list at its last comma; not more if there is none.
func cutLast(list string) (rest, last string, more bool) {
	i := strings.LastIndexByte(list, ',')
	return list[:max(i, 0)], strings.Trim(list[i+1:], " \t"), i >= 0
}

// parseForwarded reads an address with or without a port, an IPv6 address with
// or without brackets.
func parseForwarded(text string) (netip.Addr, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return plain(address), nil
	}
	if both, err := netip.ParseAddrPort(text); err == nil {
		return plain(both.Addr()), nil
	}
	if len(text) > 2 && text[0] == '[' && text[len(text)-1] == ']' {
		if address, err := netip.ParseAddr(text[1 : len(text)-1]); err == nil && address.Is6() {
			return plain(address), nil
		}
	}
	return netip.Addr{}, errNoAddress
}

// plain is the address without a zone, which has a meaning on one host only, and
// an IPv4 address as such.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }
