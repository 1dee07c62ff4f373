package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// checkName refuses names that elsewhere are no paths. Taken for one, they would make a
// file of that name.
func checkName(path string) error {
	lower := strings.ToLower(strings.TrimSpace(path))
	isURI := regexp.MustCompile(`^(file|(jdbc:)?sqlite3?(\+[a-z0-9_]+)?):|^data source=`).MatchString(lower)
	switch {
	case path == "":
		return errors.New("the path is empty")
	case strings.HasPrefix(lower, ":memory:"), isURI && strings.Contains(lower, "memory"):
		return errors.New("a database in memory would lose all keys; name a file, or take repository/memory in tests")
	case isURI:
		return errors.New("write the plain path of the file, such as /var/lib/app/keys.db, without file: or sqlite: and without parameters")
	case strings.HasSuffix(path, "/"):
		return errors.New("it is a directory, or named like one")
	default:
		return nil
	}
}

// explainFolder says of a failure whether the folder of the file is at fault: SQLite keeps
// further files beside the database, and names neither.
func explainFolder(path string, err error) error {
	if resolved, linkErr := filepath.EvalSymlinks(path); linkErr == nil {
		path = resolved
	}
	folder := filepath.Dir(path)
	probe, cause := os.CreateTemp(folder, ".ginauth-*")
	if cause == nil {
		_ = probe.Close()
		_ = os.Remove(probe.Name())
		return err
	}
	if !errors.Is(cause, fs.ErrPermission) && !errors.Is(cause, syscall.EROFS) { // there is no such folder: the failure says so
		return err
	}
	return fmt.Errorf("the folder %s cannot be written, in which SQLite keeps further files beside the database: %w", folder, err)
}
