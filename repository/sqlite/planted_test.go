//go:build unix

package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ginauth/ginauth/repository"
)

// somebody is another user, and a group that this process's user is not in.
const somebody = 65534

func chown(t *testing.T, path string, uid, gid int) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("files can be given away by the superuser only")
	}
	if err := os.Lchown(path, uid, gid); err != nil {
		t.Fatal(err)
	}
}

// sharing are the ways in which somebody else may write a database that lies in
// data/test.db; what the refusal names is a part of it.
func sharing() map[string]struct {
	share func(t *testing.T, folder, path string)
	says  string
} {
	type way = struct {
		share func(t *testing.T, folder, path string)
		says  string
	}
	return map[string]way{
		"a file of somebody else's": {func(t *testing.T, _, path string) { chown(t, path, somebody, 0) }, "belongs to the user 65534"},
		"a file of its group's":     {func(t *testing.T, _, path string) { chmod(t, path, 0o660) }, "mode 0660"},
		"a file of everybody's":     {func(t *testing.T, _, path string) { chmod(t, path, 0o606) }, "mode 0606"},
		"a log of somebody else's": {func(t *testing.T, _, path string) {
			write(t, path+"-wal", nil)
			chown(t, path+"-wal", somebody, 0)
		}, `test.db-wal" belongs to`},
		"a journal of somebody else's": {func(t *testing.T, _, path string) {
			write(t, path+"-journal", nil)
			chown(t, path+"-journal", somebody, 0)
		}, `test.db-journal" belongs to`},
		"a log of everybody's": {func(t *testing.T, _, path string) {
			write(t, path+"-wal", nil)
			chmod(t, path+"-wal", 0o666)
		}, `test.db-wal" has mode 0666`},
		"a folder of somebody else's": {func(t *testing.T, folder, _ string) { chown(t, folder, somebody, 0) }, "belongs to the user 65534"},
		"a folder of everybody's":     {func(t *testing.T, folder, _ string) { chmod(t, folder, 0o777) }, "everybody"},
		"a folder of a group's": {func(t *testing.T, folder, _ string) {
			chown(t, folder, 0, somebody)
			chmod(t, folder, 0o770)
		}, "the group 65534"},
		"a file that was planted in a sticky folder": {func(t *testing.T, folder, path string) {
			chmod(t, folder, 0o777|os.ModeSticky)
			chown(t, path, somebody, somebody)
		}, "belongs to the user 65534"},
		"a link in a folder of everybody's": {func(t *testing.T, folder, path string) {
			own := t.TempDir()
			rename(t, path, filepath.Join(own, "test.db"))
			if err := os.Symlink(filepath.Join(own, "test.db"), path); err != nil {
				t.Fatal(err)
			}
			chmod(t, folder, 0o777)
		}, "everybody"},
		"a link into a folder of everybody's": {func(t *testing.T, _, path string) {
			open := t.TempDir()
			rename(t, path, filepath.Join(open, "test.db"))
			if err := os.Symlink(filepath.Join(open, "test.db"), path); err != nil {
				t.Fatal(err)
			}
			chmod(t, open, 0o777)
		}, "everybody"},
	}
}

// dataFolder has a database with a key in it.
func dataFolder(t *testing.T) (folder, path string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(folder, "test.db")
	repo := open(t, path)
	createKey(t, repo)
	if err := repo.Close(); err != nil {
		t.Fatal(err)
	}
	return folder, path
}

// Anybody who may write the file can forge keys. It is refused, unless the operator says
// that it is meant.
func TestFilesThatOthersMayWrite(t *testing.T) {
	for name, c := range sharing() {
		t.Run(name, func(t *testing.T) {
			folder, path := dataFolder(t)
			c.share(t, folder, path)
			expectFailure(t, path, c.says)
			expectFailure(t, path, "GINAUTH_DB_ALLOW_SHARED")
			repo, err := Open(t.Context(), path, repository.AllowSharedFile())
			if err != nil {
				t.Fatal(err)
			}
			if warnings := strings.Join(repo.(repository.Advisor).Warnings(), "\n"); !strings.Contains(warnings, c.says) {
				t.Errorf("the warnings are %q", warnings)
			}
			if n := countKeys(t, repo); n != 1 {
				t.Errorf("there are %d keys", n)
			}
			if err := repo.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A folder that others may write is refused before a file is made in it.
func TestNewFileInAFolderOfOthers(t *testing.T) {
	folder := t.TempDir()
	chmod(t, folder, 0o777)
	expectFailure(t, filepath.Join(folder, "test.db"), "everybody")
	if entries, _ := os.ReadDir(folder); len(entries) > 0 {
		t.Errorf("%v was made", entries)
	}
}

// Rights that are no risk, or the operator's to weigh, stop nothing. Loose rights are
// told of.
func TestRightsThatAreTolerated(t *testing.T) {
	for name, c := range map[string]struct {
		loosen func(t *testing.T, folder, path string)
		warns  string
	}{
		"private":                   {func(*testing.T, string, string) {}, ""},
		"readable by the group":     {func(t *testing.T, _, path string) { chmod(t, path, 0o640) }, "chmod 600"},
		"readable by everybody":     {func(t *testing.T, _, path string) { chmod(t, path, 0o644) }, "chmod 600"},
		"a readable folder":         {func(t *testing.T, folder, _ string) { chmod(t, folder, 0o755) }, ""},
		"an own file in a sticky":   {func(t *testing.T, folder, _ string) { chmod(t, folder, 0o777|os.ModeSticky) }, ""},
		"the folder above is open":  {func(t *testing.T, folder, _ string) { chmod(t, filepath.Dir(folder), 0o777) }, "above the database"},
		"a group of the user alone": {func(t *testing.T, folder, _ string) { chown(t, folder, 0, 0); chmod(t, folder, 0o770) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			folder, path := dataFolder(t)
			c.loosen(t, folder, path)
			warnings := open(t, path).(repository.Advisor).Warnings()
			if (c.warns == "") != (len(warnings) == 0) || !strings.Contains(strings.Join(warnings, "\n"), c.warns) {
				t.Errorf("the warnings are %q, want %q", warnings, c.warns)
			}
		})
	}
}

// A group in which nobody else is may write a folder: people's own folders are
// like that on many hosts.
func TestGroupOfOneUser(t *testing.T) {
	const accounts = "root:x:0:0::/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\neve:x:1002:100::/home/eve:/bin/sh\n"
	const groups = "root:x:0:\nana:x:1000:\nbob:x:1001:ana,bob\nusers:x:100:\ndevs:x:50:root,ana\n"
	for gid, want := range map[string]bool{"1000": true, "1001": false, "100": false, "50": true, "0": true, "4711": false} {
		if got := isAlone(accounts, groups, "1000", gid); got != want {
			t.Errorf("that ana is alone in the group %s is %t, want %t", gid, got, want)
		}
	}
	if isAlone("", "", "1000", "1000") {
		t.Error("a group that nothing is known of has one user")
	}
}
