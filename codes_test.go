package ginauth_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every code that an answer may have is in the README.
func TestCodesAreDocumented(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob("*.go")
	codes := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?:problem\(http\.Status\w+, |outage\()"(\w+)"`).FindAllSubmatch(source, -1) {
			codes++
			if code := string(found[1]); !strings.Contains(string(readme), "`"+code+"`") {
				t.Errorf("the README lacks %s of %s", code, file)
			}
		}
	}
	if codes < 30 {
		t.Errorf("%d codes are found", codes)
	}
}
