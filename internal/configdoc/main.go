// Command configdoc writes what is known of the environment's variables: the
// template .env.example, and the table in docs/configuration.md. It reads the struct
// environment of package auto: the names, the defaults and the comments.
package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"strings"
)

func main() {
	source := flag.String("source", "", "the file with the struct environment")
	template := flag.String("template", "", "the template of .env to write")
	document := flag.String("document", "", "the document whose table is replaced")
	flag.Parse()
	if err := run(*source, *template, *document); err != nil {
		fmt.Fprintln(os.Stderr, "configdoc:", err)
		os.Exit(1)
	}
}

func run(source, template, document string) error {
	variables, err := read(source)
	if err != nil {
		return err
	}
	if err := os.WriteFile(template, []byte(writeTemplate(variables)), 0o644); err != nil { //nolint:gosec // it holds no secret
		return err
	}
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	table := regexp.MustCompile(`(?ms)^\| variable \|.*?\n\n`)
	if !table.Match(text) {
		return fmt.Errorf("%s has no table of variables", document)
	}
	replaced := table.ReplaceAllLiteral(text, []byte(writeTable(variables)+"\n"))
	return os.WriteFile(document, replaced, 0o644) //nolint:gosec // it holds no secret
}

// variable is one of the environment.
type variable struct{ name, meaning, fallback, example string }

// read returns the variables in the order of the struct's fields.
func read(source string) (variables []variable, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.TypeSpec)
		if !ok || spec.Name.Name != "environment" {
			return true
		}
		for _, field := range spec.Type.(*ast.StructType).Fields.List {
			variables = append(variables, newVariable(field))
		}
		return false
	})
	return variables, nil
}

func newVariable(field *ast.Field) variable {
	var tag reflect.StructTag
	if field.Tag != nil {
		tag = reflect.StructTag(strings.Trim(field.Tag.Value, "`"))
	}
	v := variable{name: tag.Get("envconfig"), meaning: strings.Join(strings.Fields(field.Doc.Text()), " "), fallback: tag.Get("default")}
	if v.name == "" {
		v.name = "GINAUTH_" + split(field.Names[0].Name)
	}
	if kind, ok := field.Type.(*ast.Ident); ok && kind.Name == "boolean" && v.fallback == "" {
		v.fallback = "false"
	}
	v.example = v.fallback
	if example, ok := tag.Lookup("example"); ok {
		v.example = example
	}
	return v
}

// split writes a field's name as envconfig does with split_words.
func split(name string) string {
	name = regexp.MustCompile(`([A-Z]+)([A-Z][a-z])`).ReplaceAllString(name, "${1}_$2")
	name = regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(name, "${1}_$2")
	return strings.ToUpper(name)
}

const head = `# Copy to .env in the directory in which the application runs. The environment
# wins over this file. Each variable without the prefix GINAUTH_ may be written
# with it, too, and then that one wins. A value that cannot be understood, an
# empty one too, stops the start. Values with a $, a #, a \ or a quote in them
# stand in single quotes, comments in lines of their own.
`

const foot = `
# Read by the example application, not by ginauth: the port to listen on.
#PORT=8080
`

func writeTemplate(variables []variable) string {
	var text strings.Builder
	text.WriteString(head)
	for _, v := range variables {
		fmt.Fprintf(&text, "\n%s#%s=%s\n", wrap(v.meaning), v.name, v.example)
	}
	return text.String() + foot
}

// wrap writes a comment in lines of at most 79 characters.
func wrap(text string) string {
	lines, line := "", "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > 79 {
			lines, line = lines+line+"\n", "#"
		}
		line += " " + word
	}
	return lines + line + "\n"
}

func writeTable(variables []variable) string {
	var text strings.Builder
	text.WriteString("| variable | meaning | default |\n|---|---|---|\n")
	for _, v := range variables {
		fallback := ""
		if v.fallback != "" {
			fallback = "`" + v.fallback + "`"
		}
		fmt.Fprintf(&text, "| `%s` | %s | %s |\n", v.name, strings.ReplaceAll(v.meaning, "|", `\|`), fallback)
	}
	return text.String()
}
