package clientip

import (
	"net/netip"
	"strings"
	"testing"
)

func mustParse(tb testing.TB, texts ...string) Proxies {
	tb.Helper()
	proxies, err := Parse(texts)
	if err != nil {
		tb.Fatal(err)
	}
	return proxies
}

func TestClient(t *testing.T) {
	proxies := mustParse(t, "10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::ffff:172.16.0.0/108")
	const client = "203.0.113.9"
	for name, test := range map[string]struct {
		peer  string
		lines []string
		want  string
	}{
		"no header":                         {"10.0.0.1", nil, "10.0.0.1"},
		"an empty header":                   {"10.0.0.1", []string{""}, "10.0.0.1"},
		"commas only":                       {"10.0.0.1", []string{" , ,, "}, "10.0.0.1"},
		"a proxy's word":                    {"10.0.0.1", []string{client}, client},
		"an unknown peer's word":            {"198.51.100.1", []string{client}, "198.51.100.1"},
		"a neighbour of a single address":   {"192.0.2.8", []string{client}, "192.0.2.8"},
		"a single address":                  {"192.0.2.7", []string{client}, client},
		"a forged beginning":                {"10.0.0.1", []string{"1.2.3.4, " + client}, client},
		"a forged line":                     {"10.0.0.1", []string{"1.2.3.4", client}, client},
		"a forged proxy":                    {"10.0.0.1", []string{"10.9.9.9, " + client + ", 10.0.0.2"}, client},
		"several proxies":                   {"10.0.0.1", []string{client + ",2001:db8::1", "192.0.2.7, 10.0.0.2"}, client},
		"proxies only":                      {"10.0.0.1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"empty parts":                       {"10.0.0.1", []string{client + ",, ", ",10.0.0.2,"}, client},
		"tabs":                              {"10.0.0.1", []string{"\t" + client + "\t,\t10.0.0.2"}, client},
		"a port":                            {"10.0.0.1", []string{client + ":4711"}, client},
		"IPv6":                              {"2001:db8::1", []string{"2001:0DB9:0::1"}, "2001:db9::1"},
		"IPv6 in brackets":                  {"2001:db8::1", []string{"[2001:db9::1]"}, "2001:db9::1"},
		"IPv6 with a port":                  {"2001:db8::1", []string{"[2001:db9::1]:80"}, "2001:db9::1"},
		"IPv6 with a zone":                  {"10.0.0.1", []string{"fe80::1%eth0"}, "fe80::1"},
		"IPv4 in brackets":                  {"10.0.0.1", []string{"[203.0.113.9]"}, "10.0.0.1"},
		"IPv4 as IPv6":                      {"::ffff:10.0.0.1", []string{"::ffff:" + client}, client},
		"IPv4 as IPv6 in the networks":      {"172.31.0.1", []string{client}, client},
		"nonsense at the end":               {"10.0.0.1", []string{client + ", nonsense"}, "10.0.0.1"},
		"nonsense behind a proxy":           {"10.0.0.1", []string{"nonsense, 10.0.0.2"}, "10.0.0.1"},
		"nonsense that a client has sent":   {"10.0.0.1", []string{"nonsense, " + client}, client},
		"unknown, as RFC 7239 says":         {"10.0.0.1", []string{"unknown"}, "10.0.0.1"},
		"octets with leading zeros":         {"10.0.0.1", []string{"203.000.113.009"}, "10.0.0.1"},
		"a header full of proxies":          {"10.0.0.1", []string{client + strings.Repeat(",10.0.0.2", 5000)}, "10.0.0.1"},
		"a header full of commas":           {"10.0.0.1", []string{client + strings.Repeat(",", 100_000)}, "10.0.0.1"},
		"a long beginning":                  {"10.0.0.1", []string{strings.Repeat("1.2.3.4,", 5000) + client}, client},
		"no peer, as of a Unix socket":      {"", []string{client}, ""},
		"a peer with a zone":                {"fe80::1%eth0", []string{client}, "fe80::1%eth0"},
		"a space within":                    {"10.0.0.1", []string{"203.0.113.9 10.0.0.2"}, "10.0.0.1"},
		"a bracket alone":                   {"10.0.0.1", []string{"["}, "10.0.0.1"},
		"brackets alone":                    {"10.0.0.1", []string{"[]"}, "10.0.0.1"},
		"a port that is none":               {"10.0.0.1", []string{client + ":port"}, "10.0.0.1"},
		"many lines":                        {"10.0.0.1", append(make([]string, 10_000), client), client},
		"many empty lines after the client": {"10.0.0.1", append([]string{client}, make([]string, 10_000)...), "10.0.0.1"},
	} {
		if got := proxies.Client(test.peer, test.lines); got != test.want {
			t.Errorf("%s: the client is %q, want %q", name, got, test.want)
		}
	}
}

func TestWhatIsNoNetwork(t *testing.T) {
	for _, text := range []string{
		"", "proxy", "proxy.example.org", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0", "10.0.0.1:80", "10.0.0.0-10.0.0.9",
		"fe80::1%eth0", "fe80::%eth0/64", "[::1]", " 10.0.0.1", "*", "0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96", "::/32x",
	} {
		proxies, err := Parse([]string{"10.0.0.0/8", text})
		if err == nil {
			t.Errorf("%q is taken for %v", text, proxies)
		} else if !strings.HasPrefix(err.Error(), "number 2 is ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// In no header is anything read that is left of the last address that no trusted proxy
// has, and a client that is no proxy is taken at its connection.
func FuzzClient(f *testing.F) {
	for _, header := range []string{"", "1.2.3.4", "1.2.3.4, 10.0.0.1", "a,[::1]:80,10.0.0.1", ",,,", "::ffff:10.0.0.1%x", "10.0.0.1:1"} {
		f.Add(header, "203.0.113.9")
	}
	proxies := mustParse(f, "10.0.0.0/8")
	f.Fuzz(func(t *testing.T, header, peer string) {
		if client := proxies.Client("198.51.100.1", []string{header, peer}); client != "198.51.100.1" {
			t.Fatalf("an unknown peer is %q", client)
		}
		client := proxies.Client("10.0.0.1", []string{header})
		if address, err := netip.ParseAddr(client); err != nil || address.Zone() != "" || address.Is4In6() {
			t.Fatalf("the client of %q is %q", header, client)
		}
		const seen = "203.0.113.9"
		for _, lines := range [][]string{{header, seen}, {header + "," + seen}, {header, seen + ", 10.0.0.2"}} {
			if client := proxies.Client("10.0.0.1", lines); client != seen {
				t.Fatalf("%q: the client is %q", lines, client)
			}
		}
	})
}
