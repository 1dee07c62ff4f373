package mysql

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

const (
	// migrationLock is the name of the lock that is held while the schema
	// changes, and migrationWait how long to wait for it, in seconds.
	migrationLock = "ginauth_migration"
	migrationWait = 60
	// migrationAttempts bounds how often the steps are begun, migrationPause apart.
	migrationAttempts = 20
	migrationPause    = 200 * time.Millisecond
	// tableOptions keep the server's defaults out of the tables that are made:
	// other engines have no transactions, other formats no room for the indexes.
	tableOptions = " ENGINE=InnoDB ROW_FORMAT=DYNAMIC"
)

// migrate holds a named lock on one connection, which the lock lives with.
// There is no transaction: the server commits before each change of the schema.
func (s server) migrate(db *gorm.DB, fn func(tx *gorm.DB) error) error {
	return db.Connection(func(conn *gorm.DB) error {
		conn = conn.Session(&gorm.Session{NewDB: true})
		var locked sql.NullBool
		if err := conn.Raw("SELECT GET_LOCK(?, ?)", migrationLock, migrationWait).Scan(&locked).Error; err != nil {
			return err
		}
		if !locked.Bool {
			return errors.New("another process has been changing the schema for a minute")
		}
		err := s.takeSteps(conn, fn)
		return errors.Join(err, conn.Exec("DO RELEASE_LOCK(?)", migrationLock).Error)
	})
}

// takeSteps runs fn, and again if another process has done part of it meanwhile:
// the nodes of a Galera cluster do not see each other's named locks. There, a
// schema that lacks something may be one that another is making.
func (s server) takeSteps(conn *gorm.DB, fn func(tx *gorm.DB) error) error {
	for attempt := 1; ; attempt++ {
		err := requireInnoDB(conn)
		if err == nil {
			err = fn(conn.Set("gorm:table_options", tableOptions).Session(&gorm.Session{}))
		}
		isUnderWay := s.isOn("wsrep_on") && errors.Is(err, gormrepo.ErrSchema)
		if attempt == migrationAttempts || !isUnderWay && !isDoneByAnother(err) && !isRolledBack(err) && !isLockTimeout(err) {
			return err
		}
		select {
		case <-conn.Statement.Context.Done():
			return err
		case <-time.After(migrationPause):
		}
	}
}

// requireInnoDB refuses tables in an engine without transactions, which a server
// with another default has made, or somebody by hand: a change would be half
// made there, and the change log have gaps.
func requireInnoDB(conn *gorm.DB) error {
	var tables []struct{ Name, Engine string }
	err := conn.Raw("SELECT table_name AS name, COALESCE(engine, table_type) AS engine FROM information_schema.tables " +
		`WHERE table_schema = DATABASE() AND table_name LIKE 'ginauth\_%' AND COALESCE(engine, '') <> 'InnoDB' ORDER BY table_name`).Scan(&tables).Error
	if err != nil || len(tables) == 0 {
		return err
	}
	var found, cures []string
	for _, table := range tables {
		found = append(found, table.Name+" ("+table.Engine+")")
		cures = append(cures, "ALTER TABLE "+table.Name+" ENGINE=InnoDB;")
	}
	return fmt.Errorf("these tables are not in the storage engine InnoDB, the only one that ginauth works with: %s; stop all processes that use them, and run: %s",
		strings.Join(found, ", "), strings.Join(cures, " "))
}
