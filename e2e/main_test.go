// Package e2e drives the example application from outside, as a user would: as
// a process of its own, over HTTP and in a real browser. It is a module of its
// own so that what only these tests need stays out of users' go.sum.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gin-gonic/gin"
)

// The programs under test, built once for all tests, with the race detector.
var (
	examplePath  string
	panicAppPath string
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
	examplePath, panicAppPath = filepath.Join(dir, "example"), filepath.Join(dir, "panicapp")
	// The example belongs to the parent module, whose versions it is built with.
	if !build("..", "./example", examplePath) || !build(".", "./panicapp", panicAppPath) {
		return 1
	}
	return m.Run()
}

func build(module, program, out string) bool {
	command := exec.Command("go", "build", "-race", "-o", out, program)
	command.Dir = module
	if text, err := command.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s cannot be built: %v\n%s", program, err, text)
		return false
	}
	return true
}
