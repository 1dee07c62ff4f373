package sqlite

import (
	"database/sql"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// prepare makes a file without ginauth.
func prepare(t *testing.T, statements ...string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "test.db")
	write(t, path, nil) // or the umask would decide on its rights
	change(t, path, statements...)
	return path
}

// change changes a file without ginauth.
func change(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open(driverName, "file://"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// A file may have been made by another program, with other settings.
func TestFilesThatAreTolerated(t *testing.T) {
	for _, setting := range []string{
		"auto_vacuum = FULL", "auto_vacuum = INCREMENTAL", "page_size = 512", "page_size = 65536", "user_version = 7", "application_id = 7",
		"journal_mode = DELETE", "journal_mode = TRUNCATE", "journal_mode = PERSIST", "journal_mode = WAL", "secure_delete = OFF",
		"default_cache_size = 1", "synchronous = OFF", "locking_mode = EXCLUSIVE",
	} {
		t.Run(setting, func(t *testing.T) {
			path := prepare(t, "PRAGMA "+setting, "CREATE TABLE theirs (id INTEGER)", "INSERT INTO theirs (id) VALUES (1)")
			expectPersistence(t, path)
			var mode string
			if err := otherPool(t, path).Raw("PRAGMA journal_mode").Scan(&mode).Error; err != nil || mode != "wal" {
				t.Errorf("the journal mode is %q (%v)", mode, err)
			}
		})
	}
}

// A file on which ginauth would not do what it promises stops the start.
func TestFilesThatAreRefused(t *testing.T) {
	for _, encoding := range []string{"UTF-16le", "UTF-16be"} {
		expectFailure(t, prepare(t, "PRAGMA encoding = '"+encoding+"'", "CREATE TABLE theirs (id INTEGER)"), encoding)
	}
	path := prepare(t)
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	for _, trigger := range []string{
		"CREATE TRIGGER theirs AFTER UPDATE ON ginauth_keys BEGIN UPDATE ginauth_keys SET revocation_date = 0; END",
		"CREATE TRIGGER theirs BEFORE INSERT ON GINAUTH_CHANGES BEGIN SELECT RAISE(IGNORE); END",
	} {
		change(t, path, trigger)
		expectFailure(t, path, `trigger "theirs"`)
		change(t, path, "DROP TRIGGER theirs")
	}
	change(t, path, "DROP TABLE ginauth_flushes", "CREATE TABLE ginauth_flushes (node text COLLATE NOCASE PRIMARY KEY, number integer NOT NULL)")
	expectFailure(t, path, "ginauth_flushes")
}

// Where write-ahead logging is impossible, as on a network file system, the start
// fails rather than going on with less.
func TestFileSystemWithoutSharedMemory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it has no such way to open files")
	}
	path := prepare(t, "CREATE TABLE theirs (id INTEGER)")
	db, err := openPool(placeAt(t, path), "?vfs=unix-dotfile", session(busyTimeout, false), 1)
	if err == nil {
		_ = closePool(db)
		t.Fatal("the file is opened without write-ahead logging")
	}
	if !strings.Contains(err.Error(), "journal_mode") || !strings.Contains(err.Error(), "local file system") {
		t.Errorf("the error does not say why: %v", err)
	}
}
