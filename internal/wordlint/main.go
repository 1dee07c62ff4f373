// Command wordlint checks the words of the project: docs/decisions/0016-words.md
// has the table. It reports
//   - sentences of the README and of docs/*.md with more than 30 words;
//   - sentences in those files and in comments of the code that begin with what,
//     who or whoever;
//   - names in the code that have a standard word;
//   - functions called xOf.
//
// Its arguments are the folders to look through; it fails if it reports anything.
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	found := 0
	for _, root := range os.Args[1:] {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return skip(entry, err)
			}
			for _, complaint := range check(path) {
				fmt.Printf("%s: %s\n", path, complaint)
				found++
			}
			return nil
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, "wordlint:", err)
			os.Exit(1)
		}
	}
	if found > 0 {
		os.Exit(1)
	}
}

// skip leaves out folders that hold no text of the project.
func skip(entry fs.DirEntry, err error) error {
	isForeign := entry != nil && (strings.HasPrefix(entry.Name(), ".") && entry.Name() != "." || entry.Name() == "node_modules")
	if err == nil && entry.IsDir() && isForeign {
		return filepath.SkipDir
	}
	return err
}

// check returns what is wrong with a file.
func check(path string) []string {
	switch {
	case strings.HasSuffix(path, "wordlint/words.go"):
		return nil
	case strings.HasSuffix(path, ".go"):
		return checkCode(path)
	case isProse(path):
		return checkProse(path)
	default:
		return nil
	}
}

// isProse reports whether a file is a document for users: the README, or a page in
// docs, decisions left out.
func isProse(path string) bool {
	return filepath.Base(path) == "README.md" || filepath.Base(filepath.Dir(path)) == "docs" && strings.HasSuffix(path, ".md")
}
