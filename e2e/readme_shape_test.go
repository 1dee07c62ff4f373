package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// check says what is wrong with a result; nothing if it is empty.
func (s snippet) check(r result) string {
	if r.code != 0 {
		return fmt.Sprintf("the last line ends with %d", r.code)
	}
	if s.language == "text" {
		if got, want := wildcards(strings.TrimSpace(r.output)), wildcards(strings.TrimSpace(s.answer)); got != want {
			return "and not\n" + s.answer
		}
		return ""
	}
	return s.checkJSON(r.output)
}

// checkJSON compares the last answer with the one that is shown. The others
// must not be refusals.
func (s snippet) checkJSON(output string) string {
	got, err := valuesFrom(output)
	if err != nil {
		return "which is not JSON: " + err.Error()
	}
	if s.language == "json" {
		want, err := valuesFrom(s.answer)
		if err != nil || len(want) != 1 {
			return fmt.Sprintf("the README's answer is not one JSON value: %v", err)
		}
		if len(got) == 0 {
			return "and not what the README shows"
		}
		if difference := differ("the answer", got[len(got)-1], want[0]); difference != "" {
			return difference
		}
		got = got[:len(got)-1]
	}
	for _, value := range got {
		if object, ok := value.(map[string]any); ok && object["code"] != nil {
			return fmt.Sprintf("which is a refusal: %v", object["detail"])
		}
	}
	return ""
}

// valuesFrom reads JSON values that follow each other.
func valuesFrom(text string) (values []any, err error) {
	for decoder := json.NewDecoder(strings.NewReader(text)); ; {
		var value any
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
}

// differ says where two JSON values have not the same shape.
func differ(where string, got, want any) string {
	switch want := want.(type) {
	case map[string]any:
		if got, ok := got.(map[string]any); ok {
			return differObjects(where, got, want)
		}
	case []any:
		if got, ok := got.([]any); ok && len(got) == len(want) {
			for i := range want {
				if difference := differ(fmt.Sprintf("%s[%d]", where, i), got[i], want[i]); difference != "" {
					return difference
				}
			}
			return ""
		}
	case string:
		if got, ok := got.(string); ok && wildcards(got) == wildcards(want) {
			return ""
		}
	default:
		if got == want {
			return ""
		}
	}
	return fmt.Sprintf("%s is %v where the README has %v", where, got, want)
}

func differObjects(where string, got, want map[string]any) string {
	names, wanted := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))
	if !slices.Equal(names, wanted) {
		return fmt.Sprintf("%s has the members %v where the README has %v", where, names, wanted)
	}
	for _, name := range names {
		if difference := differ(where+"."+name, got[name], want[name]); difference != "" {
			return difference
		}
	}
	return ""
}

// wildcards replaces what is another each time: keys, hints, ids and dates.
func wildcards(text string) string {
	for _, w := range []struct{ pattern, name string }{
		{`ga_[0-9A-Za-z]{49}`, "<key>"},
		{`\bga_[0-9A-Za-z]{4}\b`, "<hint>"},
		{`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`, "<id>"},
		{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`, "<date>"},
	} {
		text = regexp.MustCompile(w.pattern).ReplaceAllString(text, w.name)
	}
	return text
}

// A document is read as it is meant, and what it shows wrongly is found.
func TestSnippets(t *testing.T) {
	t.Parallel()
	const code = "```"
	snippets := snippetsFrom("# Title\n\n" + code + "\nmake curl x\n" + code + "\n\n" +
		code + "sh\nKEY=$(curl a)\n" + code + "\n\ntext\n\n" +
		code + "json\n{}\n" + code + "\n\n" +
		code + "sh\ncurl b \\\n  -d c\n" + code + "\n\n" +
		code + "json\n{\"id\": 1}\n" + code + "\n" +
		code + "sh\nls\n" + code + "\n" + code + "sh\ncurl d\n" + code + "\n" + code + "text\nhello\n" + code + "\n")
	want := []snippet{{"KEY=$(curl a)\n", "", ""}, {"curl b \\\n  -d c\n", "json", "{\"id\": 1}\n"}, {"curl d\n", "text", "hello\n"}}
	if !slices.Equal(snippets, want) {
		t.Errorf("it is read as %q", snippets)
	}
}

func TestShapes(t *testing.T) {
	t.Parallel()
	const id, other = "01a208d6-7758-7b77-a989-f8d0bcbb8877", "01a208d6-77bb-76b7-888a-cffe96615bb5"
	for _, test := range []struct {
		language, answer, output string
		same                     bool
	}{
		{"json", `{"id":"` + id + `","n":1}`, `{"n":1,"id":"` + other + `"}`, true},
		{"json", `{"date":"2026-11-23T14:36:42.712Z","x":null}`, `{"date":"2027-01-01T00:00:00Z","x":null}`, true},
		{"json", `{"list":[{"a":"b"}]}`, `{"other":"answer"} {"list":[{"a":"b"}]}`, true},
		{"json", `{"status":409,"code":"x"}`, `{"status":200} {"status":409,"code":"x"}`, true},
		{"json", `{"status":409,"code":"x"}`, `{"code":"y"} {"status":409,"code":"x"}`, false},
		{"json", `{"id":"` + id + `"}`, `{"id":"none"}`, false},
		{"json", `{"id":"` + id + `"}`, `{"id":null}`, false},
		{"json", `{"a":1}`, `{"a":"1"}`, false},
		{"json", `{"a":1}`, `{"a":2}`, false},
		{"json", `{"a":1}`, `{"a":1,"b":2}`, false},
		{"json", `{"a":1,"b":2}`, `{"a":1}`, false},
		{"json", `{"a":[1]}`, `{"a":[]}`, false},
		{"json", `{"a":"b"}`, ``, false},
		{"json", `{"a":"b"}`, `oops`, false},
		{"text", "hello\n", "hello", true},
		{"text", "hello\n", "hallo", false},
		{"", "", `{"message":"hello"}`, true},
		{"", "", `{"code":"key_missing"}`, false},
		{"", "", `curl: (7) refused`, false},
	} {
		s := snippet{"", test.language, test.answer}
		if problem := s.check(result{test.output, 0}); (problem == "") != test.same {
			t.Errorf("%s of %s: %q", test.output, test.answer, problem)
		}
	}
	if (snippet{}).check(result{"", 22}) == "" {
		t.Error("a failed line is not found")
	}
}
