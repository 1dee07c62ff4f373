package mysql

import (
	"cmp"
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	driver "github.com/go-sql-driver/mysql"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

// Use keeps keys in the database of an application's own handle, as Open does; the
// handle stays the application's. The handle must be over the driver
// github.com/go-sql-driver/mysql, as GORM's are.
//
// A *gorm.DB that was opened with a DSN or a configuration lends these: ginauth
// makes connections of its own in the same way. Of any other handle ginauth borrows
// connections, at most repository.MaxConnections, sets up their sessions, and closes
// them at the end. The pool must have room for more, and its DSN must have
// clientFoundRows=true and interpolateParams=true, which is checked.
func Use[H *sql.DB | *gorm.DB](ctx context.Context, handle H, options ...repository.Option) (repository.Repository, error) {
	var repo repository.Repository
	plain, err := connectorFrom(handle, options)
	if err == nil {
		repo, err = openWith(ctx, plain, options)
	}
	if err == nil {
		err = checkFoundRows(ctx, plain)
		if err != nil {
			err = errors.Join(err, repo.Close())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("using a mysql database: %w", err)
	}
	return repo, nil
}

// checkRoom refuses a pool that has no connection left beside those that ginauth
// borrows: requests would wait for one that nobody gives back.
func checkRoom(pool *sql.DB, options []repository.Option) error {
	chosen, err := repository.NewOptions(options...)
	if err != nil {
		return err
	}
	borrowed, most := cmp.Or(chosen.MaxConnections, repository.DefaultConnections), pool.Stats().MaxOpenConnections
	if most != 0 && most <= borrowed {
		return fmt.Errorf("the handle has at most %d connections, of which ginauth borrows up to %d: "+
			"raise SetMaxOpenConns, or pass a smaller repository.MaxConnections", most, borrowed)
	}
	return nil
}

func connectorFrom[H *sql.DB | *gorm.DB](handle H, options []repository.Option) (sqldriver.Connector, error) {
	pool, err := gormrepo.PoolFrom(handle)
	if err != nil {
		return nil, err
	}
	if g, ok := any(handle).(*gorm.DB); ok {
		if dialector, ok := g.Dialector.(*mysql.Dialector); ok && dialector.DSNConfig != nil && dialector.Conn == nil {
			return driver.NewConnector(relied(dialector.DSNConfig.Clone()))
		}
	}
	return borrowing{pool}, checkRoom(pool, options)
}

// relied sets what ginauth relies on in a configuration of the driver.
func relied(config *driver.Config) *driver.Config {
	maps.DeleteFunc(config.Params, func(name, _ string) bool { return !slices.Contains(timeoutParameters(), strings.ToLower(name)) })
	config.ClientFoundRows = true
	config.InterpolateParams = true     // in transactions alone, see conn
	config.RejectReadOnly = false       // its error would hide why, and ginauth connects anew by itself
	config.Logger = &driver.NopLogger{} // its text is in the returned errors
	return config
}

// borrowing makes connections of those of an application's pool.
type borrowing struct{ pool *sql.DB }

// Driver implements driver.Connector.
func (b borrowing) Driver() sqldriver.Driver { return b.pool.Driver() }

// Connect implements driver.Connector.
func (b borrowing) Connect(ctx context.Context) (sqldriver.Conn, error) {
	lent, err := b.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	c := &borrowed{lent: lent}
	err = lent.Raw(func(raw any) error {
		var ok bool
		if c.driverConn, ok = raw.(driverConn); !ok {
			return fmt.Errorf("the handle's connections are %T; open it with the driver github.com/go-sql-driver/mysql", raw)
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, lent.Close())
	}
	if err := c.check(ctx); err != nil {
		return nil, errors.Join(err, c.Close()) // which is not for the application any more
	}
	return c, nil
}

// borrowed is a connection that nobody else uses until it is closed: its pool has
// lent it for good.
type borrowed struct {
	driverConn
	lent *sql.Conn
}

// Close implements driver.Conn. The session is ginauth's, so the pool must not lend
// the connection again.
func (c *borrowed) Close() error {
	err := c.driverConn.Close()
	_ = c.lent.Raw(func(any) error { return sqldriver.ErrBadConn })
	_ = c.lent.Close()
	return err
}

const dsnHint = "add clientFoundRows=true&interpolateParams=true to the DSN of the handle"

// check refuses a connection whose driver does not quote values.
func (c *borrowed) check(ctx context.Context) error {
	rows, err := c.QueryContext(ctx, "SELECT ?", []sqldriver.NamedValue{{Ordinal: 1, Value: int64(1)}})
	if errors.Is(err, sqldriver.ErrSkip) {
		return errors.New("the handle does not interpolate parameters: " + dsnHint)
	}
	if err != nil {
		return err
	}
	return rows.Close()
}

// checkFoundRows refuses a handle that counts changed rows in place of found ones.
// An update that leaves a row as it is tells.
func checkFoundRows(ctx context.Context, plain sqldriver.Connector) error {
	pool := sql.OpenDB(plain)
	defer pool.Close()
	result, err := pool.ExecContext(ctx, "UPDATE ginauth_change_counter SET number = number WHERE id = 1")
	if err != nil {
		return err
	}
	if found, err := result.RowsAffected(); err != nil || found != 1 {
		return errors.New("the handle counts changed rows in place of found ones: " + dsnHint)
	}
	return nil
}
