package auto

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/joho/godotenv"
)

// loadDotEnv adds the variables of .env to the environment. Those of ginauth arrive as
// they are written, or the start stops and names the line: godotenv expands what follows
// a $, cuts what follows a #, and takes a backslash away, and nobody would find the
// mistake. Its own errors quote the file, so they are not passed on.
func loadDotEnv() error {
	file, err := os.ReadFile(".env")
	var pathError *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.As(err, &pathError):
		return fmt.Errorf(".env cannot be read: %w", pathError.Err)
	case err != nil:
		return errors.New(".env cannot be read")
	}
	values, err := parseDotEnv(file)
	if err != nil {
		return fmt.Errorf(".env: %w", err)
	}
	for name, value := range values {
		if _, isSet := os.LookupEnv(name); isSet {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf(".env: %s cannot be set", name)
		}
	}
	return nil
}

// parseDotEnv reads a file in UTF-8, with a byte order mark or without one.
func parseDotEnv(file []byte) (map[string]string, error) {
	file = bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(file, []byte("\xff\xfe")) || bytes.HasPrefix(file, []byte("\xfe\xff")) || bytes.IndexByte(file, 0) >= 0 {
		return nil, errors.New("the file is in UTF-16 or binary; save it in UTF-8")
	}
	lines := strings.Split(strings.ReplaceAll(string(file), "\r\n", "\n"), "\n")
	for n, line := range lines {
		if !utf8.ValidString(line) {
			return nil, fmt.Errorf("line %d is no text in UTF-8", n+1)
		}
		if strings.ContainsRune(line, '\r') {
			return nil, fmt.Errorf("line %d has a carriage return in it; end lines with a line feed", n+1)
		}
	}
	values, err := godotenv.UnmarshalBytes([]byte(strings.Join(lines, "\n")))
	if _, nameless := values[""]; err != nil || nameless { // a last line without a =
		return nil, findUnreadable(lines)
	}
	return values, checkExact(lines, values)
}

// assignment is a line that sets a variable.
var assignment = regexp.MustCompile(`^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*[=:][ \t]*(.*?)\s*$`)

// findUnreadable names the first line that is at fault.
func findUnreadable(lines []string) error {
	for n, line := range lines {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "#") {
			continue
		}
		match := assignment.FindStringSubmatch(line)
		if match == nil {
			return fmt.Errorf("line %d is neither a comment nor NAME=value", n+1)
		}
		if quote := match[2]; quote != "" && strings.ContainsRune(`"'`, rune(quote[0])) && strings.Count(quote, quote[:1]) == 1 {
			return fmt.Errorf("line %d: the value of %s has no closing quote", n+1, match[1])
		}
	}
	return errors.New("each line must be a comment or NAME=value")
}

// checkExact compares what stands in the lines with what was read.
func checkExact(lines []string, values map[string]string) error {
	seen := map[string]bool{}
	for n, line := range lines {
		match := assignment.FindStringSubmatch(line)
		if match == nil || !isOwnVariable(match[1]) {
			continue
		}
		name, written := match[1], unquoted(match[2])
		value, isSet := values[name]
		switch {
		case !isSet: // the line is inside the quotes of another variable
		case seen[name]:
			return fmt.Errorf("line %d: %s is there twice", n+1, name)
		case value != written:
			return fmt.Errorf("line %d: the value of %s holds a character that has a meaning there ($, #, a backslash or a quote): "+
				"write the value in single quotes, and comments in lines of their own", n+1, name)
		}
		seen[name] = true
	}
	for name := range values { // godotenv takes more for a space than is one here
		if isOwnVariable(name) && !seen[name] {
			return fmt.Errorf("the line of %s has characters that look like spaces; write it anew", name)
		}
	}
	return nil
}

// unquoted takes away the quotes around a value.
func unquoted(value string) string {
	if len(value) > 1 && strings.ContainsRune(`"'`, rune(value[0])) && value[0] == value[len(value)-1] {
		return value[1 : len(value)-1]
	}
	return value
}

// isOwnVariable reports whether a name is of a variable of ginauth, or looks like it. Few
// are read without the prefix: an application may have a PUBLIC_URL of its own.
func isOwnVariable(name string) bool {
	return strings.HasPrefix(name, prefix+"_") || slices.Contains([]string{"DATABASE_MODE", "URI", "URI_FILE", "DEV_MODE"}, name)
}
