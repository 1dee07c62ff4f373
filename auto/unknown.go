package auto

import (
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/kelseyhightower/envconfig"
)

// renamed are the former names of variables, see
// docs/decisions/0016-words.md.
func renamed() map[string]string {
	return map[string]string{prefix + "_USAGE_FOLD_AFTER": prefix + "_USAGE_ROLLUP_AFTER"}
}

// variableNames are the names of all variables, with the prefix.
func variableNames() (names []string) {
	var text strings.Builder
	// The names come from the struct alone, so nothing can fail.
	_ = envconfig.Usagef(prefix, &environment{}, &text, "{{range .}}{{.Key}}\n{{end}}")
	for name := range strings.FieldsSeq(text.String()) {
		if !strings.HasPrefix(name, prefix+"_") {
			name = prefix + "_" + name
		}
		names = append(names, name)
	}
	return names
}

// warnOfUnknown names each variable that begins like one of ginauth's and is none, since
// it has no effect, with its name of today or the nearest one.
func warnOfUnknown(logger *slog.Logger) {
	known := variableNames()
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(strings.ToUpper(name), prefix+"_") || slices.Contains(known, name) || isForeign(name) {
			continue
		}
		if now, ok := renamed()[name]; ok {
			logger.Warn(name + " has no effect: its name is " + now + " now")
			continue
		}
		logger.Warn(name + " has no effect: there is no such variable; the nearest is " + nearest(known, name))
	}
}

// isForeign reports whether a variable begins like one of ginauth's and is for others:
// its tests (see docs/operations.md), or Kubernetes, which tells of a service called
// ginauth.
func isForeign(name string) bool {
	return regexp.MustCompile(`^GINAUTH_(TEST_|SERVICE_(HOST|PORT)|PORT(_|$))`).MatchString(name)
}

// nearest returns the name that differs least.
func nearest(names []string, name string) string {
	return slices.MinFunc(names, func(a, b string) int { return distance(a, name) - distance(b, name) })
}

// distance is that of Levenshtein: how many bytes are to be added, removed or
// replaced.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
