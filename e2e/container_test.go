package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// service is what the tests look at of a service in a compose file.
type service struct {
	StopGracePeriod string            `yaml:"stop_grace_period"`
	Environment     map[string]string `yaml:"environment"`
	Ports           []string          `yaml:"ports"`
	Healthcheck     struct {
		Test []string `yaml:"test"`
	} `yaml:"healthcheck"`
}

func compose(t *testing.T, name string) map[string]service {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]service `yaml:"services"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return file.Services
}

// Containers are told apart from dead ones, end without losing counts, and are reached
// from this machine alone.
func TestComposeFiles(t *testing.T) {
	t.Parallel()
	for name, services := range map[string]int{"compose.yaml": 1, "compose.postgres.yaml": 2, "compose.tests.yaml": 3} {
		all := compose(t, name)
		if len(all) != services {
			t.Errorf("%s has %d services", name, len(all))
		}
		for what, s := range all {
			if len(s.Healthcheck.Test) == 0 {
				t.Errorf("%s: %s has no health check", name, what)
			}
			for _, port := range s.Ports {
				if !strings.HasPrefix(port, "127.0.0.1:") {
					t.Errorf("%s: %s is reached at %s", name, what, port)
				}
			}
			if grace, err := time.ParseDuration(s.StopGracePeriod); what == "example" && (err != nil || grace < 25*time.Second) {
				t.Errorf("%s: the example is killed after %q", name, s.StopGracePeriod)
			}
		}
	}
	if uri := compose(t, "compose.postgres.yaml")["example"].Environment["URI"]; !strings.HasPrefix(uri, "postgresql://") {
		t.Errorf("with PostgreSQL the URI is %q", uri)
	}
	image, err := os.ReadFile("../Dockerfile")
	if err != nil || !strings.Contains(string(image), "/etc/ssl/certs/ca-certificates.crt") {
		t.Errorf("the image has no certificate authorities: %v", err)
	}
}

// The health check of the image says what the example says of itself.
func TestHealthCheck(t *testing.T) {
	t.Parallel()
	p := startExample(t, "GINAUTH_SECRET="+secret)
	check := func(port string) error {
		command := exec.CommandContext(t.Context(), examplePath, "healthy")
		command.Env = append(os.Environ(), "PORT="+port)
		return command.Run()
	}
	if err := check(p.port); err != nil {
		t.Errorf("the example is not healthy: %v", err)
	}
	if check(freePort(t)) == nil {
		t.Error("an example that does not run is healthy")
	}
}
