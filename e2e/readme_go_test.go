package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The program of the README's quick start builds in an empty module, guards its
// route, shows it on the page, and loses no count at its end.
func TestReadmeProgram(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "main.go", programFrom(t, string(document)))
	const module = "github.com/ginauth/ginauth"
	for _, arguments := range [][]string{
		{"mod", "init", "example.org/app"}, {"mod", "edit", "-require=" + module + "@v0.0.0", "-replace=" + module + "=" + here},
		{"mod", "tidy"}, {"build", "-o", "program", "."},
	} {
		command := exec.CommandContext(t.Context(), "go", arguments...)
		command.Dir = dir
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("go %v: %v\n%s", arguments, err, out)
		}
	}
	p := start(t, filepath.Join(dir, "program"), dir, "GINAUTH_SECRET="+secret)
	key, _ := p.issue("service")
	expectStatus(t, p.get("/secure", "api-key: "+key), http.StatusOK)
	expectStatus(t, p.get("/secure"), http.StatusUnauthorized)
	expectStatus(t, p.get("/docs"), http.StatusOK)
	if body := p.get("/docs/doc.json").body; !strings.Contains(body, `"/secure":{"get"`) {
		t.Errorf("the page does not show the program's route: %.300s", body)
	}
	p.stop(os.Interrupt)
	again := start(t, filepath.Join(dir, "program"), dir, "GINAUTH_SECRET="+secret)
	if body := again.get("/auth/logs", "secret-key: "+secret).body; !strings.Contains(body, `"total_queries":1`) {
		t.Errorf("the count is lost: %s", body)
	}
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
