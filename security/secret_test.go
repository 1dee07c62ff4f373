package security_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/security"
)

func TestNewSecret(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		secret := security.NewSecret()
		raw, err := base64.RawURLEncoding.DecodeString(secret)
		if err != nil || len(raw) != 32 || len(secret) != 43 {
			t.Fatalf("NewSecret gave %d characters for %d bytes: %v", len(secret), len(raw), err)
		}
		if security.IsWeakSecret(secret) {
			t.Error("a generated secret is called weak")
		}
		seen[secret] = true
	}
	if len(seen) != 100 {
		t.Error("a secret was given twice")
	}
}

func TestIsWeakSecret(t *testing.T) {
	cases := map[string]bool{"": true, strings.Repeat("a", 31): true, strings.Repeat("a", 32): false, strings.Repeat("a", 33): false}
	for secret, want := range cases {
		if got := security.IsWeakSecret(secret); got != want {
			t.Errorf("IsWeakSecret of %d characters = %v, want %v", len(secret), got, want)
		}
	}
}

func TestSecretsMatch(t *testing.T) {
	one, err := security.NewSecrets("TEST_SECRET")
	if err != nil {
		t.Fatal(err)
	}
	two, err := security.NewSecrets("current secret!", "~previous")
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name      string
		secrets   security.Secrets
		candidate string
		want      bool
	}{
		{"the secret", one, "TEST_SECRET", true},
		{"empty", one, "", false},
		{"other case", one, "test_secret", false},
		{"a beginning", one, "TEST_SECRE", false},
		{"longer", one, "TEST_SECRET1", false},
		{"space around", one, " TEST_SECRET ", false},
		{"zero byte behind", one, "TEST_SECRET\x00", false},
		{"current of two", two, "current secret!", true},
		{"previous of two", two, "~previous", true},
		{"both at once", two, "current secret!,~previous", false},
		{"neither", two, "TEST_SECRET", false},
		{"empty with two", two, "", false},
		{"zero value", security.Secrets{}, "TEST_SECRET", false},
		{"zero value, empty", security.Secrets{}, "", false},
	}
	for _, c := range cases {
		if got := c.secrets.Match(c.candidate); got != c.want {
			t.Errorf("%s: Match = %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSameSecretTwiceStillMatches(t *testing.T) {
	secrets, err := security.NewSecrets("same", "same")
	if err != nil || !secrets.Match("same") {
		t.Errorf("Match = false, err = %v", err)
	}
}

func TestNewSecretsRefuses(t *testing.T) {
	cases := map[string][]string{
		"none":              {},
		"three":             {"aaaa", "bbbb", "cccc"},
		"empty":             {""},
		"space":             {" "},
		"tab":               {"\t"},
		"space before":      {" hunter2"},
		"space behind":      {"hunter2 "},
		"newline behind":    {"hunter2\n"},
		"control character": {"hun\x01ter2"},
		"tab inside":        {"hun\tter2"},
		"delete":            {"hun\x7fter2"},
		"not ASCII":         {"hünter2"},
		"invalid UTF-8":     {"hun\xffter2"},
		"second empty":      {"hunter2", ""},
		"second with space": {"hunter2", " x"},
	}
	for name, secrets := range cases {
		s, err := security.NewSecrets(secrets...)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if strings.Contains(err.Error(), "hun") || strings.Contains(err.Error(), "ter2") {
			t.Errorf("%s: the error quotes the secret: %v", name, err)
		}
		for _, secret := range secrets {
			if s.Match(secret) {
				t.Errorf("%s: refused, and matches all the same", name)
			}
		}
	}
}

func TestNewSecretsTellsWhichOne(t *testing.T) {
	_, first := security.NewSecrets("", "good")
	_, second := security.NewSecrets("good", "")
	if first == nil || !strings.Contains(first.Error(), "first") || second == nil || !strings.Contains(second.Error(), "second") {
		t.Errorf("first: %v, second: %v", first, second)
	}
}

func TestSecretsNeverPrintThemselves(t *testing.T) {
	const secret = "TEST_SECRET"
	secrets, err := security.NewSecrets(secret)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(secret))
	leaks := []string{secret, hex.EncodeToString([]byte(secret)), hex.EncodeToString(digest[:]),
		strings.Trim(fmt.Sprint(digest), "[]"), fmt.Sprintf("%#x", digest[0])}
	encoded, err := json.Marshal(secrets) //nolint:staticcheck // that nothing comes out is what is tested
	if err != nil {
		t.Fatal(err)
	}
	outputs := []string{string(encoded)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		outputs = append(outputs, fmt.Sprintf(verb, secrets), fmt.Sprintf(verb, &secrets), fmt.Sprintf(verb, struct{ S security.Secrets }{secrets}))
	}
	for _, output := range outputs {
		for _, leak := range leaks {
			if strings.Contains(output, leak) {
				t.Errorf("%q holds %q", output, leak)
			}
		}
	}
}
