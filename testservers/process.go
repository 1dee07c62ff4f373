package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// unprivileged is who the servers run as when this runs as root, which
// PostgreSQL and MariaDB refuse to be.
const unprivileged = "nobody"

// process is a server's process.
type process struct {
	command *exec.Cmd
	log     string
	exited  chan struct{}
}

// launch starts a program that is stopped by SIGTERM, or by SIGKILL should it
// not heed that.
func launch(ctx context.Context, folder, program string, args ...string) (*process, error) {
	command, err := asUnprivileged(context.WithoutCancel(ctx), folder, program, args...)
	if err != nil {
		return nil, err
	}
	p := &process{command: command, log: filepath.Join(folder, "log"), exited: make(chan struct{})}
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

// waitFor waits until the port accepts connections.
func (p *process) waitFor(ctx context.Context, port int) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	dialer := net.Dialer{Timeout: time.Second}
	for {
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return conn.Close()
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

func (p *process) failure(what string) error {
	text, _ := os.ReadFile(p.log)
	return fmt.Errorf("%s:\n%s", what, text)
}

// stop ends the process and waits for it. SIGINT is what PostgreSQL calls a
// fast shutdown: it waits for no client.
func (p *process) stop() {
	_ = p.command.Process.Signal(syscall.SIGINT)
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(20 * time.Second):
		_ = p.command.Process.Kill()
		<-p.exited
	}
}

// runQuietly runs a program to its end; its output is part of the error.
func runQuietly(ctx context.Context, folder, program string, args ...string) error {
	command, err := asUnprivileged(ctx, folder, program, args...)
	if err != nil {
		return err
	}
	if text, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(program), err, text)
	}
	return nil
}

func asUnprivileged(ctx context.Context, folder, program string, args ...string) (*exec.Cmd, error) {
	command := exec.CommandContext(ctx, program, args...)
	command.Dir = folder
	command.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=" + folder, "LC_ALL=C"}
	if os.Geteuid() != 0 {
		return command, nil
	}
	uid, gid, err := unprivilegedIDs()
	if err != nil {
		return nil, err
	}
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return command, nil
}

func unprivilegedIDs() (uid, gid int, err error) {
	account, err := user.Lookup(unprivileged)
	if err != nil {
		return 0, 0, err
	}
	uid, errUID := strconv.Atoi(account.Uid)
	gid, errGID := strconv.Atoi(account.Gid)
	return uid, gid, errors.Join(errUID, errGID)
}

// newFolder makes the folder of all servers, which others may pass through.
func newFolder() (string, error) {
	folder, err := os.MkdirTemp("", "ginauth-servers")
	if err != nil {
		return "", err
	}
	return folder, os.Chmod(folder, 0o711)
}

// makeFolder makes a server's folder, which belongs to the servers' user.
func makeFolder(folder string) error {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := unprivilegedIDs()
	if err != nil {
		return err
	}
	return os.Chown(folder, uid, gid)
}

// find looks for a program on the path, then where a pattern says.
func find(name, pattern string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return filepath.EvalSymlinks(path)
	}
	matches, err := filepath.Glob(pattern)
	if err != nil || len(matches) == 0 {
		return "", fmt.Errorf("%s is not installed; .ci/install does so", name)
	}
	return matches[len(matches)-1], nil
}
