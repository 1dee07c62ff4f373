package gormrepo

import (
	"database/sql"
	"errors"

	"gorm.io/gorm"
)

// PoolFrom returns the connection pool of an application's handle.
func PoolFrom[H *sql.DB | *gorm.DB](handle H) (*sql.DB, error) {
	var pool *sql.DB
	var err error
	switch h := any(handle).(type) {
	case *sql.DB:
		pool = h
	case *gorm.DB:
		if h != nil {
			pool, err = h.DB()
		}
	}
	if err == nil && pool == nil {
		err = errors.New("the handle is nil")
	}
	return pool, err
}
