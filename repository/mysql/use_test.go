package mysql_test

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	gormmysql "gorm.io/driver/mysql"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/mysql"
	"github.com/ginauth/ginauth/repository/repositorytest"
)

// newDSN makes a database and returns its DSN, as the driver writes it.
func newDSN(t *testing.T) string {
	t.Helper()
	uri := testdatabase.New(t, "mysql")
	return uri.User.String() + "@tcp(" + uri.Host + ")" + uri.Path + "?charset=utf8mb4&autocommit=0"
}

func openPool(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}

// GORM's handle lends its configuration, and a pool its connections, whatever their
// sessions are set to; both go on working beside ginauth.
func TestUse(t *testing.T) {
	dsn := newDSN(t)
	handle, err := gorm.Open(gormmysql.Open(dsn), &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	own, err := handle.DB()
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	pool := openPool(t, dsn+"&clientFoundRows=true&interpolateParams=true")
	repositorytest.RunUse(t,
		func() (repository.Repository, error) { return mysql.Use(t.Context(), handle) },
		func() (repository.Repository, error) { return mysql.Use(t.Context(), pool) },
		pool.Ping)
	if open := pool.Stats().InUse; open != 0 {
		t.Errorf("%d connections are still borrowed", open)
	}
	var autocommit string
	if err := pool.QueryRow("SELECT @@session.autocommit").Scan(&autocommit); err != nil || autocommit != "0" {
		t.Errorf("the pool lends a session of ginauth's: %s, %v", autocommit, err)
	}
	if err := own.Ping(); err != nil {
		t.Error(err)
	}
}

// A pool that ginauth would use up is refused, unless it borrows fewer.
func TestUseNeedsRoom(t *testing.T) {
	pool := openPool(t, newDSN(t)+"&clientFoundRows=true&interpolateParams=true")
	pool.SetMaxOpenConns(5)
	if _, err := mysql.Use(t.Context(), pool); err == nil || !strings.Contains(err.Error(), "SetMaxOpenConns") {
		t.Errorf("a pool of 5 connections gives %v", err)
	}
	repo, err := mysql.Use(t.Context(), pool, repository.MaxConnections(4))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(pool.Ping(), repo.Close()); err != nil {
		t.Error(err)
	}
}

// A pool whose options ginauth cannot rely on is refused with a sentence.
func TestUseRefuses(t *testing.T) {
	dsn := newDSN(t)
	for options, want := range map[string]string{"": "interpolateParams=true", "&interpolateParams=true": "counts changed rows"} {
		pool := openPool(t, dsn+options)
		if _, err := mysql.Use(t.Context(), pool); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a handle with %q gives %v", options, err)
		}
		if used := pool.Stats().InUse; used != 0 {
			t.Errorf("%d connections are still borrowed", used)
		}
	}
}
