//go:build unix

package sqlite

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

const (
	groupMayWrite, othersMayWrite = 0o020, 0o002
	groupOrOthersMayRead          = 0o044
)

// fileFault says who else may write a file. The rights of an access control
// list show in those of the group.
func fileFault(info fs.FileInfo) string {
	write := ""
	if mode := info.Mode().Perm(); mode&(groupMayWrite|othersMayWrite) != 0 {
		write = fmt.Sprintf("has mode %04o and may be written by other users", mode)
	}
	return join(ownerFault(info), write)
}

// folderFault says who else may put files into a folder. In a sticky one, such
// as /tmp, they cannot exchange files, and what they put there is theirs. A
// group may write if nobody else is in it: it is usual for people's own folders.
func folderFault(folder string, info fs.FileInfo) string {
	owner, mode := ownerFault(info), info.Mode()
	switch {
	case mode&fs.ModeSticky != 0:
		return owner
	case mode&othersMayWrite != 0:
		return join(owner, fmt.Sprintf("has mode %04o and may be written by everybody", mode.Perm()))
	case mode&groupMayWrite != 0 && (hasACL(folder) || !hasGroupToItself(groupID(info))):
		return join(owner, fmt.Sprintf("has mode %04o and may be written by the group %d, in which others may be", mode.Perm(), groupID(info)))
	}
	return owner
}

func mayBeRead(info fs.FileInfo) bool { return info.Mode().Perm()&groupOrOthersMayRead != 0 }

func ownerFault(info fs.FileInfo) string {
	uid := info.Sys().(*syscall.Stat_t).Uid
	if uid == 0 || int(uid) == os.Geteuid() {
		return ""
	}
	return fmt.Sprintf("belongs to the user %d, and this process is the user %d", uid, os.Geteuid())
}

func groupID(info fs.FileInfo) uint32 { return info.Sys().(*syscall.Stat_t).Gid }

// hasGroupToItself reports whether nobody is in a group but this process's user
// and root, as far as the host's files say. A group that they do not know may
// have anybody in it.
func hasGroupToItself(gid uint32) bool {
	accounts, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return false
	}
	groups, err := os.ReadFile("/etc/group")
	if err != nil {
		return false
	}
	return isAlone(string(accounts), string(groups), strconv.Itoa(os.Geteuid()), strconv.FormatUint(uint64(gid), 10))
}

// isAlone reads the formats of passwd(5) and group(5).
func isAlone(accounts, groups, uid, gid string) bool {
	mine, named := map[string]bool{"root": true, "": true}, false
	for line := range strings.Lines(accounts) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 4 {
			continue
		}
		if isMine := fields[2] == uid || fields[2] == "0"; isMine {
			mine[fields[0]] = true
		} else if fields[3] == gid {
			return false
		}
	}
	for line := range strings.Lines(groups) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 4 || fields[2] != gid {
			continue
		}
		named = true
		for member := range strings.SplitSeq(fields[3], ",") {
			if !mine[member] {
				return false
			}
		}
	}
	return named
}
