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

// Breaks of a document are found, and additions are none.
func TestBreaksAreFound(t *testing.T) {
	t.Parallel()
	const document = `{"paths":{"/new":{"post":{"operationId":"issueKey","parameters":[{"name":"id","in":"query","type":"string","enum":["a","b"]},
		{"name":"body","in":"body","schema":{"$ref":"#/definitions/NewRequest"}}],"produces":["application/json"],
		"responses":{"200":{"schema":{"$ref":"#/definitions/Key"}},"429":{"headers":{"Retry-After":{}}}}}}},
		"definitions":{"NewRequest":{"required":[],"properties":{"name":{"type":"string","maxLength":64}}},
		"Key":{"required":["id"],"properties":{"id":{"type":"string"},"owner":{"$ref":"#/definitions/User"},"list":{"type":"array","items":{"type":"string"}}}}},
		"securityDefinitions":{"Admin":{"type":"apiKey","name":"secret-key"}}}`
	before := documentPromises(t, document)
	for _, change := range [][2]string{
		{`"issueKey"`, `"newKey"`}, {`"b"`, `"c"`}, {`"200"`, `"201"`}, {`"/new"`, `"/make"`}, {`"required":["id"]`, `"required":[]`},
		{`"id":{"type":"string"}`, `"id":{"type":"integer"}`}, {`"list":{`, `"names":{`}, {`"items":{"type":"string"}`, `"items":{"type":"integer"}`},
		{`definitions/User`, `definitions/Owner`}, {`"required":[],`, `"required":["name"],`}, {`"maxLength":64`, `"maxLength":32`},
		{`"in":"query"`, `"in":"query","required":true`}, {`"in":"query","type":"string"`, `"in":"query","type":"integer"`},
		{`NewRequest"}}`, `OtherRequest"}}`}, {`"produces":["application/json"]`, `"produces":["text/plain"]`}, {`"Retry-After"`, `"X-After"`},
		{`"parameters":[`, `"security":[{"Admin":[]}],"parameters":[`}, {`"parameters":[`, `"parameters":[{"name":"to","in":"query","required":true},`}, {`"secret-key"`, `"admin-key"`},
	} {
		if after := documentPromises(t, strings.Replace(document, change[0], change[1], 1)); len(missing(before, after)) == 0 {
			t.Errorf("%s in place of %s is no break", change[1], change[0])
		}
	}
	for _, change := range [][2]string{
		{`"list":{`, `"title":{"type":"string"},"list":{`}, {`"parameters":[`, `"parameters":[{"name":"to","in":"query"},`}, {`"a","b"`, `"a","b","c"`},
		{`"429"`, `"503":{},"429"`}, {`"required":["id"]`, `"required":["id","list"]`}, {`"name":{"type"`, `"name":{"description":"x","type"`},
	} {
		if broken := missing(before, documentPromises(t, strings.Replace(document, change[0], change[1], 1))); len(broken) > 0 {
			t.Errorf("%s in place of %s is a break: %q", change[1], change[0], broken)
		}
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
				promises = append(promises, objectPromises(strings.TrimPrefix(pkg.PkgPath, "github.com/ginauth/"), object)...)
			}
		}
	}
	slices.Sort(promises)
	return promises
}

// objectPromises describe one name in a package. An interface is one promise, since others implement
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
	byValue := types.NewMethodSet(named.Type())
	for method := range types.NewMethodSet(types.NewPointer(named.Type())).Methods() {
		if !method.Obj().Exported() {
			continue
		}
		receiver := "method"
		if byValue.Lookup(method.Obj().Pkg(), method.Obj().Name()) == nil {
			receiver = "method of a pointer"
		}
		promises = append(promises, name+"."+method.Obj().Name()+": "+receiver+" "+typeText(method.Type()))
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
