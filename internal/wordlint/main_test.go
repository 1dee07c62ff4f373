package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// checked returns what is said of a file with the text.
func checked(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return strings.Join(check(path), "\n")
}

func TestCode(t *testing.T) {
	for text, want := range map[string]string{
		"package p\n\nfunc tally() {}\n":                                      "the standard word is counter",
		"package p\n\nfunc nameOf() {}\n":                                     "call it newX, toX, xFrom or parseX",
		"package p\n\n// f waits. What it waits for is a key.\nfunc f() {}\n": "begin the sentence with a noun",
		"package p\n\n// f waits for what it asked for.\nfunc f() {}\n":       "",
	} {
		if said := checked(t, "file.go", text); want == "" && said != "" || !strings.Contains(said, want) {
			t.Errorf("of %q it says %q", text, said)
		}
	}
}

func TestProse(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("word ", 31))
	for text, want := range map[string]string{
		long + ".\n":                        "a sentence of 31 words",
		"What follows is a list.\n":         "begin the sentence with a noun",
		"| " + long + " |\n":                "",
		"```\n" + long + "\n```\n":          "",
		"- one\n- " + long[:100] + "\n":     "",
		"Half of it: " + long[:100] + ".\n": "",
	} {
		if said := checked(t, "README.md", text); want == "" && said != "" || !strings.Contains(said, want) {
			t.Errorf("of %q it says %q", text, said)
		}
	}
}
