package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// override says how a file is taken all the same.
const override = "; or, if all of them are trusted with every key, set GINAUTH_DB_ALLOW_SHARED=true (repository.AllowSharedFile)"

// maxLinks bounds a chain of symbolic links.
const maxLinks = 40

// rights collects who else may write or read a database.
type rights struct {
	allowShared bool
	warnings    []string
}

// refuse is an error, or a warning where that is allowed.
func (r *rights) refuse(what, fault, remedy string) error {
	if fault == "" {
		return nil
	}
	sentence := fmt.Sprintf("%s %s, so that somebody else could put keys into the database: %s", what, fault, remedy)
	if !r.allowShared {
		return errors.New(sentence + override)
	}
	r.warnings = append(r.warnings, sentence)
	return nil
}

// checkFolders looks at the folder of the database, and where the path is a link
// at those on the way, whether or not the file is there.
func (r *rights) checkFolders(path string) error {
	for range maxLinks {
		folder := filepath.Dir(path)
		if err := r.checkFolder(folder); err != nil {
			return err
		}
		target, err := os.Readlink(path)
		if err != nil {
			r.warnOfAncestors(folder)
			return nil //nolint:nilerr // it is no link, or nothing at all
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(folder, target)
		}
		path = target
	}
	return fmt.Errorf("%q is a chain of too many links", path)
}

// checkFolder leaves a folder that is missing to who opens the file.
func (r *rights) checkFolder(folder string) error {
	info, err := os.Stat(folder)
	if err != nil {
		return nil //nolint:nilerr // opening the file says so, with the file's name
	}
	return r.refuse(fmt.Sprintf("the folder %q", folder), folderFault(folder, info), "let the database have a folder of its user's own, with mode 0700")
}

// warnOfAncestors warns if somebody could exchange the folder. A file that they
// put there would be theirs, and so be refused at the next start.
func (r *rights) warnOfAncestors(folder string) {
	folder, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return
	}
	for parent := filepath.Dir(folder); parent != folder; folder, parent = parent, filepath.Dir(parent) {
		info, err := os.Stat(parent)
		if err != nil {
			return
		}
		if fault := folderFault(parent, info); fault != "" {
			r.warnings = append(r.warnings, fmt.Sprintf("the folder %q above the database %s, so that somebody else could exchange the database's folder", parent, fault))
			return
		}
	}
}

// checkFiles looks at the database and its companions, as far as they are there.
func (r *rights) checkFiles(path string) error {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		info, err := os.Lstat(target + suffix)
		if suffix != "" && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%q is no regular file", target+suffix)
		}
		remedy := fmt.Sprintf("make sure that its content is right, then chown it to this process's user and chmod 600 %q", target+suffix)
		if err := r.refuse(fmt.Sprintf("the file %q", target+suffix), fileFault(info), remedy); err != nil {
			return err
		}
		if suffix == "" && mayBeRead(info) {
			r.warnings = append(r.warnings, fmt.Sprintf("the file %q has mode %04o, so that other users may read addresses and password hashes; chmod 600 %q",
				target, info.Mode().Perm(), target))
		}
	}
	return nil
}

// summary returns each warning once.
func (r *rights) summary() (all []string) {
	seen := map[string]bool{}
	for _, warning := range r.warnings {
		if !seen[warning] {
			all, seen[warning] = append(all, warning), true
		}
	}
	return all
}

// join makes one clause of several, without the empty ones.
func join(clauses ...string) string {
	var kept []string
	for _, clause := range clauses {
		if clause != "" {
			kept = append(kept, clause)
		}
	}
	return strings.Join(kept, " and ")
}
