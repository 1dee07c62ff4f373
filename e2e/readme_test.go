package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// snippet is a block of shell lines in a document, and the answer that the
// document shows after it, if it does.
type snippet struct {
	lines    string
	language string // of the answer: json, text or empty
	answer   string
}

var fence = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")

// snippetsFrom returns the shell blocks with curl lines. A json or text block
// that follows with nothing in between is the answer.
func snippetsFrom(document string) []snippet {
	var snippets []snippet
	blocks := fence.FindAllStringSubmatchIndex(document, -1)
	for i, block := range blocks {
		language, text := document[block[2]:block[3]], document[block[4]:block[5]]
		if language != "sh" || !strings.Contains(text, "curl ") {
			continue
		}
		s := snippet{lines: text}
		if i+1 < len(blocks) && strings.TrimSpace(document[block[1]:blocks[i+1][0]]) == "" {
			next := blocks[i+1]
			if following := document[next[2]:next[3]]; following == "json" || following == "text" {
				s.language, s.answer = following, document[next[4]:next[5]]
			}
		}
		snippets = append(snippets, s)
	}
	return snippets
}

// result is what the lines of a snippet printed, and how the last one ended.
type result struct {
	output string
	code   int
}

// runSnippets runs all lines in one shell, since later ones use variables of
// earlier ones. The result has one element for each snippet that ran to
// its end.
func runSnippets(t *testing.T, snippets []snippet, port string) []result {
	t.Helper()
	need(t, "curl")
	home := t.TempDir()
	write(t, home, ".curlrc", `connect-to = "localhost:8080:127.0.0.1:`+port+"\"\nmax-time = 20\n")
	var script strings.Builder
	for _, s := range snippets {
		script.WriteString(s.lines + "\nprintf '\\036%d\\036' $?\n")
	}
	write(t, home, "script", script.String())
	command := exec.Command(need(t, "bash"), "-u", filepath.Join(home, "script"))
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "CURL_HOME=" + home}
	command.Dir = home
	text, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("the shell: %v\n%s", err, text)
	}
	return resultsFrom(string(text))
}

// resultsFrom splits what the shell printed at the marks between the snippets.
func resultsFrom(text string) (results []result) {
	parts := strings.Split(text, "\x1e")
	for i := 0; i+1 < len(parts); i += 2 {
		code, _ := strconv.Atoi(parts[i+1])
		results = append(results, result{parts[i], code})
	}
	return results
}

// The lines of the README and of the documents run as they stand, one after the
// other, and print what these say.
func TestReadme(t *testing.T) {
	t.Parallel()
	var snippets []snippet
	for _, name := range []string{"README.md", "docs/http.md", "docs/accounts.md"} {
		text, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		found := snippetsFrom(string(text))
		if len(found) == 0 {
			t.Fatalf("%s has no sh block with curl lines", name)
		}
		snippets = append(snippets, found...)
	}
	p := startExample(t, "GINAUTH_SECRET="+secret)
	results := runSnippets(t, snippets, p.port)
	if len(results) != len(snippets) {
		t.Fatalf("%d of %d blocks ran", len(results), len(snippets))
	}
	for i, s := range snippets {
		if problem := s.check(results[i]); problem != "" {
			t.Errorf("%s\nprints\n%s\n%s", s.lines, results[i].output, problem)
		}
	}
	expectRequests(t, p.output.String(), snippets)
}

// expectRequests checks, by the example's log, that each curl line was a
// request, and that none was refused but those whose refusal is shown.
func expectRequests(t *testing.T, log string, snippets []snippet) {
	t.Helper()
	requests, refusals := 1, 1 // the one that waited for the example to serve
	for _, s := range snippets {
		requests += strings.Count(s.lines, "curl ")
		if strings.Contains(s.answer, `"status": 4`) {
			refusals++
		}
	}
	statuses := regexp.MustCompile(`\[GIN\] [^|]*\| (\d{3}) \|`).FindAllStringSubmatch(log, -1)
	refused := slices.DeleteFunc(slices.Clone(statuses), func(match []string) bool { return match[1] < "400" })
	if len(statuses) != requests || len(refused) != refusals {
		t.Errorf("%d requests, %d of them refused, and not %d and %d:\n%s", len(statuses), len(refused), requests, refusals, log)
	}
}
