package ginauth_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every code that is written out in the source is in docs/http.md; one of a field
// perhaps by its end, such as _too_long.
func TestCodesAreDocumented(t *testing.T) {
	t.Parallel()
	readme := readFile(t, "docs/http.md")
	codes := writtenCodes(t)
	if len(codes) < 60 {
		t.Errorf("%d codes are found", len(codes))
	}
	for _, code := range codes {
		isDocumented := strings.Contains(readme, "`"+code+"`")
		for i := range code {
			isDocumented = isDocumented || code[i] == '_' && strings.Contains(readme, "`"+code[i:]+"`")
		}
		if !isDocumented {
			t.Errorf("docs/http.md lacks %s", code)
		}
	}
}

// writtenCodes are those beside which their details stand.
func writtenCodes(t *testing.T) (codes []string) {
	t.Helper()
	for _, pattern := range []string{"*.go", "security/*.go", "problem/*.go", "keys/*.go", "users/*.go", "internal/respond/*.go", "internal/store/*.go", "internal/guard/*.go", "internal/bulkhead/*.go", "internal/api/*.go", "internal/api/*/*.go"} {
		files, _ := filepath.Glob(pattern) // the patterns are good
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, found := range regexp.MustCompile(`"([a-z][a-z_]+)", "[A-Z]`).FindAllStringSubmatch(readFile(t, file), -1) {
				codes = append(codes, found[1])
			}
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
