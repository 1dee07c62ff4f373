package security

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

// A password that is not written as passwords are compared, or is out of order, would not be
// found.
func TestPasswordListIsSearchable(t *testing.T) {
	lines := strings.Fields(passwordList)
	if strings.Join(lines, "\n")+"\n" != passwordList || !slices.IsSorted(lines) || len(slices.Compact(slices.Clone(lines))) != len(lines) {
		t.Error("the list is not one of lines in order, each once")
	}
	for _, line := range lines {
		if line != skeleton(comparableText(line)) || len(line) < leastListed {
			t.Errorf("no password is ever compared with %q", line)
		}
	}
}

// ASVS 5.0 6.2.4 asks for 3,000 passwords that match the policy: these are long enough, and become
// what matches the rest of it in the usual way.
func TestPasswordListMatchesThePolicy(t *testing.T) {
	count := 0
	for line := range strings.FieldsSeq(passwordList) {
		if len(line) < minPasswordLength {
			continue
		}
		count++
		if !isCommon(line) {
			t.Errorf("%q is not common", line)
		}
		if count%5 > 0 || !unicode.IsLetter(rune(line[0])) {
			continue // for the sake of time
		}
		password := strings.ToUpper(line[:1]) + line[1:] + "_1"
		if broken := CheckPassword(password); broken != nil {
			t.Errorf("%q matches no policy: %v", password, broken)
		}
		if !isCommon(comparableText(password)) {
			t.Errorf("%q is not common", password)
		}
	}
	if count < 3000 {
		t.Errorf("%d passwords of the list are long enough", count)
	}
}

// Every entry is found by the search, whatever lies around it.
func TestListedPrefixes(t *testing.T) {
	for line := range strings.FieldsSeq(passwordList) {
		if !slices.Contains(slices.Collect(listedPrefixes(line+"~")), len(line)) {
			t.Fatalf("%q is not found", line)
		}
	}
	for _, text := range []string{"", "p", "pas", "~~~~", "!!!!", "pa\n", "zzzzzzzzzzzzzzzz\n"} {
		for size := range listedPrefixes(text) {
			if !slices.Contains(strings.Fields(passwordList), text[:size]) {
				t.Errorf("%q is found in the list", text[:size])
			}
		}
	}
	found := 0
	if n := testing.AllocsPerRun(10, func() {
		for size := range listedPrefixes("passwordlist") {
			found = max(found, size)
		}
	}); n > 0 {
		t.Errorf("a look-up allocates %v times", n)
	}
}
