package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
)

// An application's handle names the file, and goes on working beside ginauth.
func TestUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	pool, err := sql.Open(driverName, path)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	handle, err := gorm.Open(sqlite.New(sqlite.Config{Conn: pool}), &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := handle.Exec("CREATE TABLE orders (id integer)").Error; err != nil {
		t.Fatal(err)
	}
	repo, err := Use(t.Context(), handle)
	if err != nil {
		t.Fatal(err)
	}
	key := createKey(t, repo)
	if err := repo.Close(); err != nil {
		t.Fatal(err)
	}
	if err := handle.Exec("INSERT INTO orders VALUES (1)").Error; err != nil {
		t.Errorf("the handle was closed: %v", err)
	}
	again, err := Use(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if found, err := again.KeyByHash(t.Context(), key.Hash); err != nil || found.ID != key.ID {
		t.Errorf("over the pool there is %v, %v", found, err)
	}
}

type otherDriver struct{}

func (otherDriver) Open(string) (driver.Conn, error) { return nil, errors.New("not opened") }

// Handles on which ginauth cannot rely are refused with a sentence.
func TestUseRefuses(t *testing.T) {
	sql.Register("other", otherDriver{})
	for name, want := range map[string]string{driverName: "in memory", "other": "release each other's locks"} {
		pool, err := sql.Open(name, ":memory:")
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		if _, err := Use(t.Context(), pool); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a handle of %s gives %v", name, err)
		}
	}
	var none *gorm.DB
	if _, err := Use(t.Context(), none); err == nil {
		t.Error("no handle is used")
	}
}
