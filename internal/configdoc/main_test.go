package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	for name, want := range map[string]string{
		"Secret": "SECRET", "DBAllowShared": "DB_ALLOW_SHARED", "PublicURL": "PUBLIC_URL", "CheckMX": "CHECK_MX",
	} {
		if got := split(name); got != want {
			t.Errorf("%s becomes %s, want %s", name, got, want)
		}
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	source, template, document := filepath.Join(dir, "a.go"), filepath.Join(dir, ".env"), filepath.Join(dir, "a.md")
	for name, text := range map[string]string{
		source: "package p\n\ntype environment struct {\n\t// How long.\n\tMaxAge duration `split_words:\"true\" default:\"5m\"`\n\n" +
			"\t// Where.\n\tURI uri `envconfig:\"URI\" example:\"a://b\"`\n}\n",
		document: "# Before\n\n| variable | x |\n|---|---|\n| old | y |\n\nAfter.\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(source, template, document); err != nil {
		t.Fatal(err)
	}
	for name, wanted := range map[string][]string{
		template: {"\n# How long.\n#GINAUTH_MAX_AGE=5m\n", "\n# Where.\n#URI=a://b\n"},
		document: {"# Before\n\n| variable |", "| `GINAUTH_MAX_AGE` | How long. | `5m` |\n", "| `URI` | Where. |  |\n\nAfter.\n"},
	} {
		text, err := os.ReadFile(name)
		for _, want := range wanted {
			if err != nil || !strings.Contains(string(text), want) {
				t.Errorf("%s lacks %q: %s", filepath.Base(name), want, text)
			}
		}
	}
}
