package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	config = `{"config":{"protocol_version":"v1.0.0"}}` + "\n"
	called = `{"finding":{"osv":"GO-1","fixed_version":"v1.2.0","trace":[` +
		`{"module":"example.org/m","version":"v1.1.0","package":"example.org/m","function":"F"},{"module":"ours","package":"ours/p","function":"G"}]}}` + "\n"
	imported = `{"finding":{"osv":"GO-2","trace":[{"module":"example.org/m","version":"v1.1.0","package":"example.org/m"}]}}` + "\n"
	standard = `{"finding":{"osv":"GO-3","trace":[{"module":"stdlib","version":"v1.26.8","package":"net/http","function":"F"}]}}` + "\n"
)

// The exit and the message for each thing that govulncheck
// may do.
func TestScan(t *testing.T) {
	for name, test := range map[string]struct {
		stdout, stderr string
		code           string
		fails          bool
		says           string
	}{
		"nothing found":             {stdout: config, code: "0", says: "no vulnerability"},
		"our code calls it":         {stdout: config + called + called, code: "0", fails: true, says: "GO-1 in example.org/m@v1.1.0, reached from ours/p; fixed in v1.2.0"},
		"it is imported only":       {stdout: config + imported, code: "0", says: "no vulnerability"},
		"it is in Go itself":        {stdout: config + standard, code: "0", says: "WARNING: Go v1.26.8 of this machine has 1 vulnerabilities"},
		"in Go and in a module":     {stdout: config + standard + called, code: "0", fails: true, says: "GO-1"},
		"no network":                {stderr: "govulncheck: fetching vulnerabilities: dial tcp: no such host", code: "1", says: "NOT SCANNED"},
		"no network, first run":     {stderr: "go: downloading golang.org/x/vuln v1.1.4\ngovulncheck: fetching vulnerabilities: dial tcp: no such host\n\nexit status 1", code: "1", says: "NOT SCANNED"},
		"no network after findings": {stdout: config + called, stderr: "govulncheck: loading packages: no such host", code: "1", fails: true},
		"code that does not build":  {stderr: "govulncheck: loading packages:\nfetching vulnerabilities: no", code: "1", fails: true},
		"a finding, in text":        {stdout: "Vulnerability #1: GO-1", code: "3", fails: true},
		"nothing said":              {code: "0", fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			var said strings.Builder
			err := run(t.Context(), &said, []string{".", "--", "sh", fake(t, test.stdout, test.stderr, test.code)})
			if (err != nil) != test.fails || !strings.Contains(said.String(), test.says) {
				t.Errorf("it ended with %v and said %q", err, said.String())
			}
		})
	}
}

// fake returns a script in govulncheck's place.
func fake(t *testing.T, stdout, stderr, code string) string {
	t.Helper()
	script := filepath.Join(t.TempDir(), "govulncheck")
	text := "cat <<'END'\n" + strings.TrimSuffix(stdout, "\n") + "\nEND\ncat >&2 <<'END'\n" + stderr + "\nEND\nexit " + code + "\n"
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return script
}
