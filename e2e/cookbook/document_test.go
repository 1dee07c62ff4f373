package cookbook

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// recipes returns the bodies of the functions in a file whose comment is a title.
func recipes(t *testing.T, name string) map[string]string {
	t.Helper()
	source, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok || function.Doc == nil || strings.HasSuffix(strings.TrimSpace(function.Doc.Text()), ".") {
			continue
		}
		body := string(source[files.Position(function.Body.Lbrace).Offset+2 : files.Position(function.Body.Rbrace).Offset])
		found[strings.TrimSpace(function.Doc.Text())] = strings.ReplaceAll("\n"+body, "\n\t", "\n")[1:]
	}
	return found
}

// The document shows the recipes as they are run, and no others.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/cookbook.md")
	if err != nil {
		t.Fatal(err)
	}
	all := recipes(t, "recipes.go")
	for title, body := range recipes(t, "recipes_test.go") {
		all[title] = body
	}
	program, err := os.ReadFile("signup/main.go")
	if err != nil {
		t.Fatal(err)
	}
	all["Sign up, guard, revoke: a whole program"] = string(program)
	for title, body := range all {
		block := "```go\n" + body + "```\n"
		_, section, ok := strings.Cut(string(text), "\n## "+title+"\n")
		if !ok || !strings.Contains(section, block) {
			t.Errorf("docs/cookbook.md lacks the recipe %q:\n## %s\n\n%s", title, title, block)
		}
		if lines := strings.Count(body, "\n"); lines < 2 || lines > 16 && title[:4] != "Sign" {
			t.Errorf("the recipe %q has %d lines", title, lines)
		}
	}
	if n := strings.Count(string(text), "\n## "); n != len(all) {
		t.Errorf("the document has %d recipes, and %d are run", n, len(all))
	}
}
