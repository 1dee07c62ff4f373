package ginauth_test

import (
	"go/version"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// File go.mod asks for the oldest Go that its dependencies allow, since it decides for
// every application. Their present releases hold the security fixes, so no older ones
// are taken to allow an older Go.
func TestOldestGo(t *testing.T) {
	t.Parallel()
	output, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{if .Main}}main{{end}} go{{.GoVersion}}", "all").Output()
	if err != nil {
		t.Fatal(err)
	}
	var ours string
	var theirs []string
	for line := range strings.Lines(string(output)) {
		of, goVersion, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if of == "main" {
			ours = goVersion
		} else if version.IsValid(goVersion) { // modules from before go.mod name none
			theirs = append(theirs, goVersion)
		}
	}
	if oldest := slices.MaxFunc(theirs, version.Compare); version.Compare(ours, oldest) != 0 {
		t.Errorf("go.mod asks for %s, and its dependencies for %s", ours, oldest)
	}
}
