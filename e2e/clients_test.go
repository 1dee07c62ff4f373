package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// workshop is a folder in which clients are generated from the documents of an example,
// which logs its mails.
type workshop struct {
	t       *testing.T
	dir     string
	example *process
}

// clientsModule holds the versions of the generators.
const clientsModule = "clients"

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	port := freePort(t)
	p := launch(t, examplePath, t.TempDir(), "GINAUTH_SECRET="+secret, "PORT="+port, "GINAUTH_PUBLIC_URL=http://127.0.0.1:"+port)
	p.port = port
	p.waitUntilServing()
	w := &workshop{t, t.TempDir(), p}
	for _, name := range []string{"doc.json", "openapi.json"} {
		write(t, w.dir, name, p.get("/docs/"+name).body)
	}
	return w
}

// run runs a program in the folder.
func (w *workshop) run(name string, arguments ...string) {
	w.t.Helper()
	command := exec.CommandContext(w.t.Context(), name, arguments...)
	command.Dir = w.dir
	command.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "CGO_ENABLED=0")
	if text, err := command.CombinedOutput(); err != nil {
		w.t.Fatalf("%s %s: %v\n%s", name, strings.Join(arguments, " "), err, text)
	}
}

// copy takes a file of the module, under another name.
func (w *workshop) copy(from, to string) {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(clientsModule, from))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Join(w.dir, to)), 0o700); err != nil {
		w.t.Fatal(err)
	}
	write(w.t, w.dir, to, strings.Replace(string(text), "module github.com/ginauth/ginauth/e2e/clients", "module walk", 1))
}

// walk makes every call of the example.
func (w *workshop) walk(program ...string) {
	w.t.Helper()
	w.run(program[0], append(program[1:], w.example.url(""), secret, w.example.output.Name())...)
}

// goModule makes a module with a program that walks.
func (w *workshop) goModule(walker string) {
	w.copy("go.mod", "go.mod")
	w.copy("go.sum", "go.sum")
	w.copy("testdata/mails.go.txt", "mails/mails.go")
	w.copy("testdata/"+walker, "main.go")
}

// npm installs what package-lock.json says, once, and returns where programs are.
func npm(t *testing.T) string {
	t.Helper()
	folder, err := filepath.Abs(clientsModule)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := os.Stat(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	if found, err := os.Stat(filepath.Join(folder, "node_modules", ".package-lock.json")); err != nil || found.ModTime().Before(wanted.ModTime()) {
		install := exec.CommandContext(t.Context(), need(t, "npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts")
		install.Dir = folder
		if text, err := install.CombinedOutput(); err != nil {
			t.Fatalf("npm: %v\n%s", err, text)
		}
	}
	return filepath.Join(folder, "node_modules")
}

// The linters that people check documents with find no error in either document.
func TestDocumentsPassLinters(t *testing.T) {
	w, modules := newWorkshop(t), npm(t)
	w.copy(".spectral.yaml", ".spectral.yaml")
	w.run(filepath.Join(modules, ".bin", "spectral"), "lint", "--ruleset", ".spectral.yaml", "--fail-severity", "error", "doc.json", "openapi.json")
	w.run(filepath.Join(modules, ".bin", "redocly"), "lint", "--extends", "recommended", "doc.json", "openapi.json")
}

// Clients that generators make of the documents compile, and make every call.
func TestClientOfOapiCodegen(t *testing.T) {
	w := newWorkshop(t)
	w.goModule("oapi.go.txt")
	if err := os.Mkdir(filepath.Join(w.dir, "oapi"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.run("go", "tool", "oapi-codegen", "-generate", "types,client", "-package", "oapi", "-o", "oapi/client.go", "openapi.json")
	w.run("go", "build", "-o", "walk", ".")
	w.walk("./walk")
}

func TestClientOfGoSwagger(t *testing.T) {
	w := newWorkshop(t)
	w.goModule("swagger.go.txt")
	if err := os.Mkdir(filepath.Join(w.dir, "sw"), 0o700); err != nil {
		t.Fatal(err)
	}
	w.run("go", "tool", "swagger", "generate", "client", "-q", "-f", "doc.json", "-t", "sw")
	w.run("go", "build", "-o", "walk", ".")
	w.walk("./walk")
}

func TestClientInTypeScript(t *testing.T) {
	w, modules := newWorkshop(t), npm(t)
	w.copy("testdata/walk.ts", "walk.ts")
	if err := os.Symlink(modules, filepath.Join(w.dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	w.run(filepath.Join(modules, ".bin", "openapi-typescript"), "openapi.json", "-o", "schema.d.ts")
	w.run(filepath.Join(modules, ".bin", "tsc"), "--strict", "--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext", "--skipLibCheck", "walk.ts")
	w.walk("node", "walk.js")
}
