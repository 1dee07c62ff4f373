package e2e

import (
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	// patience is how long a condition may take to come true on a busy machine.
	patience = 30 * time.Second
	// pollInterval is how often it is looked at.
	pollInterval = 10 * time.Millisecond
)

// process is a running program under test.
type process struct {
	t       *testing.T
	dir     string
	port    string
	command *exec.Cmd
	output  outputFile
	done    chan struct{} // closed when the program has ended
}

// launch starts a program in a folder. Of the test's own environment it sees
// PATH and HOME only. The race detector, which prints what it finds at once,
// is told not to wait a second for more when the program ends.
func launch(t *testing.T, program, dir string, environment ...string) *process {
	t.Helper()
	p := &process{t: t, dir: dir, output: newOutput(t), done: make(chan struct{})}
	p.command = exec.Command(program)
	p.command.Dir = dir
	p.command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "GORACE=atexit_sleep_ms=0"}, environment...)
	p.command.Stdout, p.command.Stderr = p.output.File, p.output.File
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.command.Process.Kill()
		<-p.done
		if strings.Contains(p.output.String(), "DATA RACE") {
			t.Errorf("the race detector reports:\n%s", p.output)
		}
	})
	go func() {
		_ = p.command.Wait() // the state says how it ended
		close(p.done)
	}()
	return p
}

// start runs a program on a free port and waits until it serves.
func start(t *testing.T, program, dir string, environment ...string) *process {
	t.Helper()
	port := freePort(t)
	p := launch(t, program, dir, append(environment, "PORT="+port)...)
	p.port = port
	p.waitUntilServing()
	return p
}

// startExample runs the example in an empty folder.
func startExample(t *testing.T, environment ...string) *process {
	t.Helper()
	return start(t, examplePath, t.TempDir(), environment...)
}

// freePort returns a port that nobody listens on. It is below those that
// outgoing connections get, so that none of them takes it in the meantime.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20_000 + rand.IntN(10_000))
		if listener, err := net.Listen("tcp", ":"+port); err == nil {
			_ = listener.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

func (p *process) url(path string) string { return "http://127.0.0.1:" + p.port + path }

// waitUntilServing asks any path: an answer of whatever status will do.
func (p *process) waitUntilServing() {
	p.t.Helper()
	waitUntil(p.t, "the program serves", func() bool {
		if p.hasEnded() {
			p.t.Fatalf("the program ended instead of serving:\n%s", p.output)
		}
		answer, err := http.Get(p.url("/"))
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return true
	})
}

func (p *process) hasEnded() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// stop asks the program to end and waits until it has, properly.
func (p *process) stop(signal os.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	if code := p.exitCode(); code != 0 {
		p.t.Fatalf("after %v the program exits with %d:\n%s", signal, code, p.output)
	}
}

// exitCode waits until the program has ended.
func (p *process) exitCode() int {
	p.t.Helper()
	select {
	case <-p.done:
		return p.command.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("the program does not end:\n%s", p.output)
		return 0
	}
}

// waitUntil fails the test if a condition does not come true.
func waitUntil(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(pollInterval) {
		if condition() {
			return
		}
	}
	t.Fatalf("it did not come about that %s", what)
}

// outputFile is what a program prints: a file, since what went through a pipe
// might come later than the answer to a request.
type outputFile struct{ *os.File }

func newOutput(t *testing.T) outputFile {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(t.TempDir(), "output"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return outputFile{file}
}

func (f outputFile) String() string {
	text, err := os.ReadFile(f.Name())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// need finds a program that a test runs, under one of its names.
func need(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("this test needs %s, which is not installed", strings.Join(names, " or "))
	return ""
}
