package testservers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// unprivileged is who the servers run as when this runs as root, which
// PostgreSQL and MariaDB refuse to be.
const unprivileged = "nobody"

func asUnprivileged(ctx context.Context, c command) (*exec.Cmd, error) {
	command := exec.CommandContext(ctx, c.program, c.args...)
	command.Dir = c.folder
	command.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=" + c.folder, "LC_ALL=C"}
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

// newFolder makes a folder that others may pass through.
func newFolder() (string, error) {
	folder, err := os.MkdirTemp("", "ginauth-server")
	if err != nil {
		return "", err
	}
	return folder, os.Chmod(folder, 0o711)
}

// makeFolder makes a folder that belongs to whom the servers run as.
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
