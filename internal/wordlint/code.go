package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// checkCode looks at the names and the comments of a file of Go.
func checkCode(path string) (complaints []string) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
	if err != nil {
		return []string{err.Error()}
	}
	report := func(at token.Pos, format string, values ...any) {
		line := files.Position(at).Line
		complaints = append(complaints, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, values...))
	}
	words := standard()
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.Ident:
			if word, ok := words[n.Name]; ok {
				report(n.Pos(), "the name %s: the standard word is %s", n.Name, word)
			}
		case *ast.FuncDecl:
			if strings.HasSuffix(n.Name.Name, "Of") && !strings.HasPrefix(n.Name.Name, "Test") {
				report(n.Pos(), "the function %s: call it newX, toX, xFrom or parseX", n.Name.Name)
			}
		}
		return true
	})
	for _, comment := range file.Comments {
		for _, sentence := range sentences(comment.Text()) {
			if hasPronounSubject(sentence) {
				report(comment.Pos(), "begin the sentence with a noun: %.60q", sentence)
			}
		}
	}
	return complaints
}
