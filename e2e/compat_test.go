package e2e

import (
	"flag"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// update has the released state replaced by the present one; docs/compatibility.md says
// when.
var update = flag.Bool("update", false, "replace the state in docs/released")

const releasedFolder = "../docs/released"

// A break of what was released fails unless the CHANGELOG names it.
func TestCompatibility(t *testing.T) {
	port := freePort(t)
	p := launch(t, examplePath, t.TempDir(), "GINAUTH_SECRET="+secret, "PORT="+port)
	p.port = port
	p.waitUntilServing()
	for name, promises := range map[string][]string{
		"go.txt":      goPromises(t),
		"swagger.txt": documentPromises(t, p.get("/docs/doc.json").body),
		"openapi.txt": documentPromises(t, p.get("/docs/openapi.json").body),
	} {
		path := filepath.Join(releasedFolder, name)
		if *update {
			write(t, releasedFolder, name, strings.Join(promises, "\n")+"\n")
			continue
		}
		released, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		unreleased := unreleasedChanges(t)
		for _, broken := range missing(strings.Split(strings.TrimSpace(string(released)), "\n"), promises) {
			if symbol, _, _ := strings.Cut(broken, ": "); !strings.Contains(unreleased, "`"+symbol+"`") {
				t.Errorf("%s: %q is not kept, and the CHANGELOG does not name `%s`", name, broken, symbol)
			}
		}
	}
}

// missing returns the lines that are not there any more.
func missing(released, present []string) []string {
	return slices.DeleteFunc(slices.Clone(released), func(line string) bool {
		_, found := slices.BinarySearch(present, line)
		return found
	})
}

// A break is found, in Go and in the documents.
func TestBreaksAreFound(t *testing.T) {
	t.Parallel()
	const document = `{"paths":{"/new":{"post":{"operationId":"issueKey","parameters":[{"name":"id","in":"query","enum":["a","b"]}],
		"responses":{"200":{"schema":{"$ref":"#/definitions/Key"}}}}}},"definitions":{"Key":{"required":["id"],"properties":{"id":{"type":"string"},"name":{"type":"string"}}}}}`
	before := documentPromises(t, document)
	for change, with := range map[string]string{
		`"issueKey"`: `"newKey"`, `"b"`: `"c"`, `"200"`: `"201"`, `"required":["id"]`: `"required":["id","name"]`,
		`"name":{"type":"string"}`: `"title":{"type":"string"}`, `"id":{"type":"string"}`: `"id":{"type":"integer"}`, `"/new"`: `"/make"`,
	} {
		if after := documentPromises(t, strings.Replace(document, change, with, 1)); len(missing(before, after)) == 0 {
			t.Errorf("%s in place of %s is no break", with, change)
		}
	}
	if len(missing(before, documentPromises(t, strings.Replace(document, `"name":{`, `"title":{"type":"string"},"name":{`, 1)))) > 0 {
		t.Error("a further field is a break")
	}
}

// unreleasedChanges is what the CHANGELOG says of the next version.
func unreleasedChanges(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n## Unreleased\n")
	unreleased, _, _ := strings.Cut(rest, "\n## ")
	return unreleased
}

// goPromises are the exported names of all public packages with their types, sorted.
func goPromises(t *testing.T) (promises []string) {
	t.Helper()
	config := &packages.Config{Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports | packages.NeedDeps | packages.NeedSyntax | packages.NeedTypesInfo, Dir: ".."}
	found, err := packages.Load(config, "./...")
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range found {
		if pkg.Name == "main" || strings.Contains(pkg.PkgPath, "/internal/") || strings.Contains(pkg.PkgPath, "/example/") {
			continue
		}
		for _, name := range pkg.Types.Scope().Names() {
			if object := pkg.Types.Scope().Lookup(name); object.Exported() {
				promises = append(promises, objectPromises(pkg.Name, object)...)
			}
		}
	}
	slices.Sort(promises)
	return promises
}

// objectPromises describe one name. An interface is one promise, since others implement
// it; of a struct each exported field is one.
func objectPromises(pkg string, object types.Object) (promises []string) {
	name := pkg + "." + object.Name()
	named, isType := object.(*types.TypeName)
	if !isType {
		if constant, ok := object.(*types.Const); ok {
			return []string{name + ": const " + typeText(constant.Type()) + " = " + constant.Val().String()}
		}
		return []string{name + ": " + typeText(object.Type())}
	}
	promises = append(promises, name+": "+typeText(named.Type().Underlying()))
	if structure, ok := named.Type().Underlying().(*types.Struct); ok {
		for field := range structure.Fields() {
			if field.Exported() {
				promises = append(promises, name+"."+field.Name()+": field "+typeText(field.Type()))
			}
		}
	}
	if types.IsInterface(named.Type()) {
		return promises
	}
	methods := types.NewMethodSet(types.NewPointer(named.Type()))
	for method := range methods.Methods() {
		if method.Obj().Exported() {
			promises = append(promises, name+"."+method.Obj().Name()+": "+typeText(method.Type()))
		}
	}
	return promises
}

// typeText writes a type without the names of parameters, which nobody relies on.
func typeText(t types.Type) string {
	switch t := t.(type) {
	case *types.Struct:
		return "struct"
	case *types.Signature:
		results := tupleText(t.Results(), false)
		return "func" + tupleText(t.Params(), t.Variadic()) + " " + results
	case *types.Interface:
		var methods []string
		for method := range t.Methods() {
			methods = append(methods, method.Name()+" "+typeText(method.Type()))
		}
		return "interface{" + strings.Join(methods, "; ") + "}"
	default:
		return types.TypeString(t, func(p *types.Package) string { return p.Name() })
	}
}

func tupleText(tuple *types.Tuple, variadic bool) string {
	var all []string
	for variable := range tuple.Variables() {
		all = append(all, typeText(variable.Type()))
	}
	if variadic {
		all[len(all)-1] = "..." + strings.TrimPrefix(all[len(all)-1], "[]")
	}
	return "(" + strings.Join(all, ", ") + ")"
}
