// Package e2e drives the example application from outside, as a user would: as
// a process of its own, over HTTP and in a real browser. It is a module of its
// own so that what only these tests need stays out of users' go.sum.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/gin-gonic/gin"
)

// The programs under test, built once for all tests: with the race detector
// but for the static example, which is there for what would take too long then,
// hashing many passwords.
var (
	examplePath    string
	staticPath     string
	panicAppPath   string
	mailServerPath string
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "ginauth-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	examplePath, staticPath = filepath.Join(dir, "example"), filepath.Join(dir, "static")
	panicAppPath, mailServerPath = filepath.Join(dir, "panicapp"), filepath.Join(dir, "mailserver")
	// The example belongs to the parent module, whose versions it is built with.
	if !build("..", "./example", examplePath, "-race") || !build("..", "./example", staticPath) ||
		!build(".", "./panicapp", panicAppPath, "-race") || !build(".", "./mailserver", mailServerPath) {
		return 1
	}
	return m.Run()
}

// build makes a static program, or one with the race detector, which needs cgo.
func build(module, program, out string, race ...string) bool {
	command := exec.Command("go", slices.Concat([]string{"build", "-o", out}, race, []string{program})...)
	command.Dir = module
	command.Env = append(os.Environ(), "CGO_ENABLED="+strconv.Itoa(len(race)))
	if text, err := command.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s cannot be built: %v\n%s", program, err, text)
		return false
	}
	return true
}
