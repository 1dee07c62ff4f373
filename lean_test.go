package ginauth_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// consumer is a hello-world application that opens one kind of database.
const consumer = `package main

import (
	"context"
	"log"

	"github.com/gin-gonic/gin"
	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/repository/%[1]s"
)

func main() {
	repo, err := %[1]s.Open(context.Background(), "where it is")
	if err != nil {
		log.Fatal(err)
	}
	auth, err := ginauth.New(repo, ginauth.Config{Secrets: []string{"secret"}})
	if err != nil {
		log.Fatal(err)
	}
	r := gin.New()
	auth.RegisterAdmin(r.Group("/auth"))
	r.GET("/secure", auth.Guard(), func(c *gin.Context) { c.Status(204) })
	log.Print(r.Run())
}
`

// An application neither links packages that it does not use nor, with SQLite alone,
// finds in its go.sum. (The MongoDB driver's module is there anyway: gin
// imports its bson.)
func TestConsumersAreLean(t *testing.T) {
	t.Parallel()
	drivers := map[string]string{
		"sqlite":   "github.com/mattn/go-sqlite3",
		"postgres": "github.com/jackc/pgx",
		"mysql":    "github.com/go-sql-driver/mysql",
		"mongodb":  "go.mongodb.org/mongo-driver/v2/mongo",
	}
	for backend, own := range drivers {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			c := newConsumer(t, backend)
			linked := strings.Fields(c.run("go", "list", "-deps", "."))
			for _, driver := range drivers {
				links := slices.ContainsFunc(linked, func(p string) bool { return p == driver || strings.HasPrefix(p, driver+"/") })
				if links != (driver == own) {
					t.Errorf("an application with %s links %s: %v", backend, driver, links)
				}
			}
			for _, unused := range []string{"github.com/swaggo", "github.com/wneessen/go-mail"} {
				if slices.ContainsFunc(linked, func(p string) bool { return strings.HasPrefix(p, unused) }) {
					t.Errorf("it links %s", unused)
				}
			}
			c.run("go", "build", "-o", os.DevNull, ".")
			if backend == "sqlite" {
				c.checkSums("jackc/", "go-sql-driver", "FerretDB", "wneessen")
			}
		})
	}
}

// module is a module in a folder of its own.
type module struct {
	*testing.T
	folder string
}

// newConsumer makes an application's module and finds what it requires.
func newConsumer(t *testing.T, backend string) module {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	m := module{t, t.TempDir()}
	m.write("main.go", fmt.Sprintf(consumer, backend))
	m.write("go.mod", "module example.org/consumer\n\ngo 1.26.0\n\nrequire "+modulePath+" v0.0.0\n\nreplace "+modulePath+" => "+here+"\n")
	m.run("go", "mod", "tidy")
	return m
}

func (m module) write(name, text string) {
	m.Helper()
	if err := os.WriteFile(filepath.Join(m.folder, name), []byte(text), 0o600); err != nil {
		m.Fatal(err)
	}
}

func (m module) run(program string, args ...string) string {
	m.Helper()
	command := exec.CommandContext(m.Context(), program, args...)
	command.Dir = m.folder
	var complaints strings.Builder
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		m.Fatalf("%s %v: %v\n%s%s", program, args, err, out, complaints.String())
	}
	return string(out)
}

// checkSums reports modules that go.sum names.
func (m module) checkSums(modules ...string) {
	m.Helper()
	sums, err := os.ReadFile(filepath.Join(m.folder, "go.sum"))
	if err != nil || len(sums) == 0 {
		m.Fatalf("there is no go.sum: %v", err)
	}
	for _, name := range modules {
		if strings.Contains(string(sums), name) {
			m.Errorf("go.sum names %s", name)
		}
	}
}
