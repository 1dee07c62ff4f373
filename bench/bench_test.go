package main

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// The tests' own binary is what the commands start.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains([]string{"serve", "issue", "member"}, os.Args[1]) {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

func output(t *testing.T, args ...string) string {
	t.Helper()
	var out strings.Builder
	if err := run(t.Context(), args, strings.NewReader(""), &out); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out.String())
	}
	return out.String()
}

func expectAll(t *testing.T, text string, patterns ...string) {
	t.Helper()
	for _, pattern := range patterns {
		if !regexp.MustCompile(`(?m)^` + pattern + `$`).MatchString(text) {
			t.Errorf("nothing is like %s in:\n%s", pattern, text)
		}
	}
}

func TestTable(t *testing.T) {
	for _, kind := range []string{"POSTGRES", "MYSQL", "MONGODB"} {
		t.Setenv("GINAUTH_TEST_"+kind+"_URI", "")
	}
	const costs = `( \| -?\d+ (ns|µs)){4} \| -?\d+ \|`
	text := output(t, "table", "-keys", "20,2000", "-rounds", "2", "-round", "1ms")
	expectAll(t, text,
		`\| ginauth, 20 keys in memory`+costs, `\| ginauth, 2,000 keys in memory`+costs, `\| ginauth, 1,000 of 2,000 keys in memory`+costs,
		`\| Gin's BasicAuth.*`+costs, `\| gin-jwt, HS256.*`+costs,
		`\| ginauth, sqlite, cold: the first request of one of 20 keys`+costs,
		`\| ginauth, sqlite, unknown: none of 2,000 keys`+costs,
		`\| ginauth, sqlite, unknown, asked again.*`+costs, `\| ginauth, sqlite, warm.*`+costs,
		`\| sqlite, a guard written by hand.*`+costs, `\| echo's KeyAuth.*`+costs, `\| fiber's keyauth.*`+costs,
		`- 2,000 keys in memory: -?\d+\.\d MB`, `- start on sqlite with 2,000 keys, .*: \d+ ms`,
	)
}

func TestHTTP(t *testing.T) {
	text := output(t, "http", "-rounds", "2", "-round", "100ms")
	expectAll(t, text, "\\| bare Gin, `/unsecure`( \\| [\\d,]+){1}( \\| \\d+ µs){2} \\|", "\\| ginauth, `/secure`.* \\|", ".* \\d+\\.\\d\\d times as many .*")
}

func TestSoak(t *testing.T) {
	text := output(t, "soak", "-for", "2s")
	expectAll(t, text, `\| 2s \| .* MB \| .* MB \| \d+ \|`, `[\d,]+ requests were let through, [\d,]+ refused, [\d,]+ keys were issued and revoked`)
}

func TestChanges(t *testing.T) {
	const row = `( \| [\d,]+){3}( \| \d+(\.\d)? ms){3} \| 0 \|`
	text := output(t, "changes", "-on", "sqlite", "-round", "200ms")
	expectAll(t, text, `\| sqlite`+row)
	if rows := strings.Count(text, "| sqlite |"); rows != 4 {
		t.Errorf("there are %d rows", rows)
	}
}

func TestProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a server of its own")
	}
	text := output(t, "processes", "-on", "postgres", "-processes", "2", "-round", "1s")
	const row = ` \| \d+ \| \d+\.\d \| \d+\.\d MB \| \d+\.\d % \|`
	expectAll(t, text, `\| postgres \| 2 \| idle`+row, `\| postgres \| 2 \| 50 requests per second each`+row)
}

// An answer that is not what was asked for stops a measurement, so that no row
// shows what a refusal costs in place of what it says.
func TestWrongAnswers(t *testing.T) {
	wrong := func(i int) int { return 200 + i/10 }
	_, _, err := pace{rounds: 2}.measure(context.Background(), contestant{name: "x", guard: wrong, bare: wrong, want: 200, requests: 20})
	if err == nil || !strings.Contains(err.Error(), "request 10 is answered 201") {
		t.Errorf("the error is %v", err)
	}
}

func TestFlat(t *testing.T) {
	rising := func(by sample) []sample {
		taken := make([]sample, samples)
		for i := range taken {
			n := float64(i)
			taken[i] = sample{heap: 10 + n*by.heap, resident: 50 + n*by.resident, goroutines: 30 + n*by.goroutines}
		}
		return taken
	}
	for name, test := range map[string]struct {
		taken []sample
		want  string
	}{
		"flat":       {rising(sample{}), ""},
		"falling":    {rising(sample{heap: -0.1, resident: -1, goroutines: -0.5}), ""},
		"heap":       {rising(sample{heap: 0.3}), "the heap has grown from 14.3 to 20.4"},
		"resident":   {rising(sample{resident: 2}), "resident memory has grown"},
		"goroutines": {rising(sample{goroutines: 1}), "the number of goroutines has grown"},
	} {
		err := flat(test.taken)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: the error is %v, want %q", name, err, test.want)
		}
	}
}
