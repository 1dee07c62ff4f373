package e2e

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/jackc/pgx/v5"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
)

// compose reads a file as docker compose config does, in an environment of its own.
func compose(t *testing.T, file string, environment ...string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join("..", file)}, cli.WithEnv(environment))
	if err != nil {
		t.Fatal(err)
	}
	return options.LoadProject(t.Context())
}

func composeService(t *testing.T, file, service string, environment ...string) types.ServiceConfig {
	t.Helper()
	project, err := compose(t, file, environment...)
	if err != nil {
		t.Fatal(err)
	}
	return project.Services[service]
}

// composeEnvironment is a service's environment, and changes to it.
func composeEnvironment(service types.ServiceConfig, changes ...string) []string {
	var environment []string
	for name, value := range service.Environment {
		environment = append(environment, name+"="+*value)
	}
	return append(environment, changes...)
}

// checkHealth runs the health check of a service on the host.
func (p *process) checkHealth(service types.ServiceConfig) error {
	p.t.Helper()
	check := service.HealthCheck.Test
	if len(check) < 2 || check[0] != "CMD" || check[1] != "/example" {
		p.t.Fatalf("the health check is %q: an image from scratch has the example alone", check)
	}
	command := exec.CommandContext(p.t.Context(), examplePath, check[2:]...)
	command.Env = []string{"PORT=" + p.port}
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, output)
	}
	return nil
}

// The example runs as compose.yaml says, and its health check tells whether it does.
func TestCompose(t *testing.T) {
	t.Parallel()
	service := composeService(t, "compose.yaml", "example")
	p := startExample(t, composeEnvironment(service)...)
	if err := p.checkHealth(service); err != nil {
		t.Errorf("it runs, and the check says %v", err)
	}
	expectStatus(t, p.get("/auth/logs", "secret-key: TEST_SECRET"), 200)
	if strings.Contains(p.output.String(), `"/ready"`) {
		t.Errorf("health checks fill the log:\n%s", p.output)
	}
	p.stop(syscall.SIGTERM)
	if err := p.checkHealth(service); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("it has stopped, and the check says %v", err)
	}
	own := composeService(t, "compose.yaml", "example", "GINAUTH_SECRET=own")
	if !slices.Contains(composeEnvironment(own), "GINAUTH_SECRET=own") {
		t.Errorf("another secret is ignored: %v", composeEnvironment(own))
	}
}

// Everything is reachable from this machine alone, and gets the time that the example
// takes to stop: 10 s for requests, 5 s for mail and 10 s for usage.
func TestComposeServices(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"compose.yaml", "compose.postgres.yaml", "compose.tests.yaml"} {
		project, err := compose(t, file, "GINAUTH_SECRET=s", "POSTGRES_PASSWORD=p")
		if err != nil {
			t.Fatal(err)
		}
		for name, service := range project.Services {
			for _, port := range service.Ports {
				if port.HostIP != "127.0.0.1" {
					t.Errorf("%s: %s listens on %q", file, name, port.HostIP)
				}
			}
			if service.HealthCheck == nil {
				t.Errorf("%s: %s has no health check", file, name)
			}
			if name == "example" && (service.StopGracePeriod == nil || time.Duration(*service.StopGracePeriod) <= 25*time.Second) {
				t.Errorf("%s: the example has %v to stop", file, service.StopGracePeriod)
			}
		}
	}
}

// On PostgreSQL the example wants both secrets, and the password may hold any character.
func TestComposePostgres(t *testing.T) {
	t.Parallel()
	for variable, others := range map[string]string{"GINAUTH_SECRET": "POSTGRES_PASSWORD=p", "POSTGRES_PASSWORD": "GINAUTH_SECRET=s"} {
		if _, err := compose(t, "compose.postgres.yaml", others); err == nil || !strings.Contains(err.Error(), variable) {
			t.Errorf("without %s it is %v", variable, err)
		}
	}
	const password = `p@ss/w:rd?#%&'"`
	environment := []string{"GINAUTH_SECRET=" + secret, "POSTGRES_PASSWORD=" + password}
	example := composeService(t, "compose.postgres.yaml", "example", environment...)
	database := composeService(t, "compose.postgres.yaml", "postgres", environment...)
	server := postgresWithUser(t, *database.Environment["POSTGRES_USER"], *database.Environment["POSTGRES_PASSWORD"])
	uri := *example.Environment["URI"]
	expectStatus(t, startExample(t, composeEnvironment(example, "URI="+strings.Replace(uri, "postgres:5432", server, 1))...).
		get("/auth/logs", "secret-key: "+secret), 200)
	if example.DependsOn["postgres"].Condition != types.ServiceConditionHealthy || len(example.Volumes) > 0 {
		t.Errorf("the example is %+v", example)
	}
}

// postgresWithUser starts a server that asks for passwords, and makes a user and their
// database, as the image of PostgreSQL does. It returns host and port.
func postgresWithUser(t *testing.T, user, password string) string {
	t.Helper()
	server := testdatabase.OwnServer(t, "postgres")
	conn, err := pgx.Connect(t.Context(), server.URI)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var access string
	if err := conn.QueryRow(t.Context(), "SHOW hba_file").Scan(&access); err != nil {
		t.Fatal(err)
	}
	name, quoted := pgx.Identifier{user}.Sanitize(), strings.ReplaceAll(password, "'", "''")
	for _, statement := range []string{
		"CREATE ROLE " + name + " SUPERUSER LOGIN PASSWORD '" + quoted + "'",
		"CREATE DATABASE " + name + " OWNER " + name,
		"COPY (SELECT 'host all all all scram-sha-256') TO '" + access + "'",
		"SELECT pg_reload_conf()",
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	located, err := url.Parse(server.URI)
	if err != nil {
		t.Fatal(err)
	}
	return located.Host
}

// The servers for tests are found where docs/operations.md says.
func TestComposeTests(t *testing.T) {
	t.Parallel()
	page := readText(t, "docs/operations.md")
	for _, want := range []string{"docker compose -f compose.tests.yaml up -d --wait", "[compose.tests.yaml](../compose.tests.yaml)"} {
		if !strings.Contains(page, want) {
			t.Errorf("docs/operations.md does not say %q", want)
		}
	}
	for name, password := range map[string]string{"postgres": "POSTGRES_PASSWORD", "mysql": "MYSQL_ROOT_PASSWORD", "mongodb": ""} {
		service := composeService(t, "compose.tests.yaml", name)
		place := "127.0.0.1:" + service.Ports[0].Published + "/"
		if password != "" {
			place = ":" + *service.Environment[password] + "@" + place
		}
		if !strings.Contains(page, place) {
			t.Errorf("docs/operations.md has no URI with %q", place)
		}
	}
}

// The image holds the certificates where Go looks for them.
func TestImageHasCertificates(t *testing.T) {
	t.Parallel()
	_, image, _ := strings.Cut(readText(t, "Dockerfile"), "FROM scratch")
	const file = "/etc/ssl/certs/ca-certificates.crt"
	if !strings.Contains(image, "COPY --from=build "+file+" /etc/ssl/certs/") {
		t.Errorf("the image is\n%s", image)
	}
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
