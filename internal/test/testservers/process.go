package testservers

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// stopTimeout is how long a server may take to end properly.
const stopTimeout = 20 * time.Second

// process is a server's process.
type process struct {
	command *exec.Cmd
	log     string
	exited  chan struct{}
}

func launch(c command) (*process, error) {
	command, err := asUnprivileged(context.Background(), c)
	if err != nil {
		return nil, err
	}
	p := &process{command: command, log: filepath.Join(filepath.Dir(c.folder), "log"), exited: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = command.Wait()
		close(p.exited)
	}()
	return p, nil
}

// waitFor waits until the server has printed that it is ready, as each kind
// does, and the address accepts connections: PostgreSQL accepts them earlier,
// and refuses what they ask while it is starting.
func (p *process) waitFor(ctx context.Context, address string) error {
	dialer := net.Dialer{Timeout: time.Second}
	for {
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		if err == nil && p.isReady() {
			return nil
		}
		select {
		case <-p.exited:
			return p.failure("it ended at once")
		case <-ctx.Done():
			return p.failure("it accepts no connections")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (p *process) isReady() bool {
	text, err := os.ReadFile(p.log)
	return err == nil && (bytes.Contains(text, []byte("ready ")) || bytes.Contains(text, []byte("process up: PgBouncer")))
}

func (p *process) failure(what string) error {
	text, _ := os.ReadFile(p.log)
	return fmt.Errorf("%s:\n%s", what, text)
}

// stop ends the process and waits for it; one that does not heed the signals
// is killed. SIGINT is what PostgreSQL calls a fast shutdown: it waits for no
// client.
func (p *process) stop() {
	_ = p.command.Process.Signal(syscall.SIGINT)
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(stopTimeout):
		p.kill()
	}
}

// abort ends PostgreSQL by its immediate shutdown.
func (p *process) abort() {
	_ = p.command.Process.Signal(syscall.SIGQUIT)
	<-p.exited
}

func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.exited
}

// runQuietly runs a program to its end; its output is part of the error.
func runQuietly(ctx context.Context, c command) error {
	command, err := asUnprivileged(ctx, c)
	if err != nil {
		return err
	}
	if text, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(c.program), err, text)
	}
	return nil
}
