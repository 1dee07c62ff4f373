package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// maxWords is how many words a sentence of a document has at most.
const maxWords = 30

// checkProse looks at the sentences of a document; code, tables, headings and links'
// targets are left out.
func checkProse(path string) (complaints []string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return []string{err.Error()}
	}
	for _, sentence := range sentences(plain(string(text))) {
		if n := len(strings.Fields(sentence)); n > maxWords {
			complaints = append(complaints, fmt.Sprintf("a sentence of %d words: %.80q", n, sentence))
		}
		if hasPronounSubject(sentence) {
			complaints = append(complaints, fmt.Sprintf("begin the sentence with a noun: %.80q", sentence))
		}
	}
	return complaints
}

// plain removes the parts of Markdown that are no sentences.
func plain(text string) string {
	text = regexp.MustCompile("(?s)```.*?```").ReplaceAllString(text, "\n\n")
	text = regexp.MustCompile("`[^`\n]*`").ReplaceAllString(text, "code")
	text = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(text, "$1")
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "|"), strings.HasPrefix(line, "#"), strings.HasPrefix(line, "<"):
			lines[i] = ""
		case strings.HasPrefix(line, "- "), strings.HasPrefix(line, "* "), regexp.MustCompile(`^\d+\. `).MatchString(line):
			lines[i] = "\n" + line[strings.Index(line, " ")+1:]
		}
	}
	return strings.Join(lines, "\n")
}

// sentences splits text at full stops and at empty lines. A colon begins another
// sentence, as far as its length is concerned.
func sentences(text string) (all []string) {
	for _, paragraph := range regexp.MustCompile(`\n\s*\n`).Split(text, -1) {
		paragraph = strings.Join(strings.Fields(paragraph), " ")
		for _, sentence := range regexp.MustCompile(`[.:!?][)"]? `).Split(paragraph, -1) {
			if sentence != "" {
				all = append(all, sentence)
			}
		}
	}
	return all
}

// hasPronounSubject reports whether a sentence begins with a clause of what or who.
// Questions do so, too; the documents have none.
func hasPronounSubject(sentence string) bool {
	return regexp.MustCompile(`^(What|Who|Whoever|Whatever) [a-z]`).MatchString(sentence) && !strings.HasSuffix(sentence, "?")
}
