package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The program of the README's quick start builds, and guards its endpoint.
func TestReadmeProgram(t *testing.T) {
	document, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "main.go", programFrom(t, string(document)))
	program := filepath.Join(dir, "program")
	if !build("..", filepath.Join(dir, "main.go"), program) {
		t.Fatal("the program does not build")
	}
	p := start(t, program, dir, "GINAUTH_SECRET="+secret)
	key, _ := p.issue("service")
	expectStatus(t, p.get("/secure", "api-key: "+key), http.StatusOK)
	expectStatus(t, p.get("/secure"), http.StatusUnauthorized)
	expectStatus(t, p.get("/docs"), http.StatusOK)
}

// programFrom returns the first Go block that is a whole program.
func programFrom(t *testing.T, document string) string {
	t.Helper()
	for _, block := range fence.FindAllStringSubmatch(document, -1) {
		if block[1] == "go" && strings.HasPrefix(block[2], "package main\n") {
			return block[2]
		}
	}
	t.Fatal("the README has no program")
	return ""
}
