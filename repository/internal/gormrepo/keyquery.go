package gormrepo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// ReadRow reads the only row of a query that takes one value and is the same each time.
// It answers sql.ErrNoRows if there is none.
type ReadRow func(ctx context.Context, pool *sql.DB, query string, value []byte, places ...any) error

// Prepared is a ReadRow whose query is prepared once for each connection.
type Prepared struct {
	mu        sync.Mutex
	statement *sql.Stmt
}

// ReadRow implements the type of its name.
func (p *Prepared) ReadRow(ctx context.Context, pool *sql.DB, query string, value []byte, places ...any) error {
	statement, err := p.prepare(ctx, pool, query) //nolint:sqlclosecheck // it ends with the pool
	if err != nil {
		return err
	}
	return statement.QueryRowContext(ctx, value).Scan(unreflected(places)...)
}

func (p *Prepared) prepare(ctx context.Context, pool *sql.DB, query string) (statement *sql.Stmt, err error) {
	p.mu.Lock()
	statement = p.statement
	p.mu.Unlock()
	if statement != nil {
		return statement, nil
	}
	statement, err = pool.PrepareContext(ctx, query) //nolint:sqlclosecheck // it ends with the pool
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.statement == nil {
		p.statement = statement
		return statement, nil
	}
	return p.statement, statement.Close() // another was faster
}

// keyQuery reads a key by one of its columns, together with what is told of its owner,
// and asks as ask does whether the server may write, if that is a question. It is written
// out, since the first use of each key waits for it, and names the columns, see columns.
func keyQuery(db *gorm.DB, mayWrite, column string) string {
	value := "?"
	switch db.Name() {
	case "postgres":
		value = "$1"
	case "sqlite":
		value = "+?" // a bare one is looked at for the plan, which is then made anew for each value
	}
	from, condition := "ginauth_keys AS k", " WHERE k."+column+" = "+value
	if mayWrite != alwaysWritable { // there is a row in any case, and of a key that is not there its hash alone is NULL
		from = "(SELECT " + mayWrite + " AS may_write) AS s LEFT JOIN ginauth_keys AS k ON k." + column + " = " + value
		mayWrite, condition = "s.may_write", ""
	}
	return "SELECT " + mayWrite + `, COALESCE(k.id, ''), k.hash, COALESCE(k.hint, ''), COALESCE(k.name, ''),
COALESCE(k.user_id, ''), COALESCE(k.issued_by, ''), COALESCE(k.creation_date, 0), COALESCE(k.expiration_date, 0),
COALESCE(k.expiration_fixed, 1 = 0), COALESCE(k.revocation_date, 0), COALESCE(k.version, 0),
COALESCE(u.username, ''), COALESCE(u.disabled_date, 0), COALESCE(u.access_until, 0), COALESCE(u.version, 0)
FROM ` + from + " LEFT JOIN ginauth_users AS u ON u.id = k.user_id" + condition
}

// foundKey is the row of a keyQuery, with its dates in milliseconds since 1970.
type foundKey struct {
	mayWrite                                          bool
	key                                               models.APIKey
	creation, expiration, revocation, disabled, until int64
}

// places are where the columns go, in their order.
func (f *foundKey) places() []any {
	k := &f.key
	return []any{
		&f.mayWrite, &k.ID, &k.Hash, &k.Hint, &k.Name,
		&k.UserID, &k.IssuedBy, &f.creation, &f.expiration,
		&k.ExpirationFixed, &f.revocation, &k.Version,
		&k.Username, &f.disabled, &f.until, &k.UserVersion,
	}
}

// unreflected lets database/sql fill places without reflection and without texts in
// between. It changes the slice that it is given.
func unreflected(places []any) []any {
	for i, place := range places {
		switch place := place.(type) {
		case *int64:
			places[i] = (*scannedInt)(place)
		case *bool:
			places[i] = (*scannedBool)(place)
		}
	}
	return places
}

// Places of unreflected.
type (
	scannedInt  int64
	scannedBool bool
)

// Scan implements sql.Scanner.
func (i *scannedInt) Scan(value any) error {
	n, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a number is a %T", value)
	}
	*i = scannedInt(n)
	return nil
}

// Scan implements sql.Scanner.
func (b *scannedBool) Scan(value any) error {
	switch v := value.(type) {
	case bool:
		*b = scannedBool(v)
	case int64:
		*b = v != 0
	default:
		return fmt.Errorf("a truth value is a %T", value)
	}
	return nil
}

// finish returns the key; ErrReadOnly if the server may not write, and ErrNotFound if
// there is no such key.
func (f *foundKey) finish(err error) (models.APIKey, error) {
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return models.APIKey{}, wrap("finding a key", repository.ErrNotFound)
	case err != nil:
		return models.APIKey{}, wrap("finding a key", err)
	case !f.mayWrite:
		return models.APIKey{}, ErrReadOnly
	case f.key.ID == "":
		return models.APIKey{}, wrap("finding a key", repository.ErrNotFound)
	}
	f.key.CreationDate, f.key.ExpirationDate, f.key.RevocationDate = fromMillis(f.creation), fromMillis(f.expiration), fromMillis(f.revocation)
	f.key.DisabledDate, f.key.AccessUntil = fromMillis(f.disabled), fromMillis(f.until)
	return f.key, nil
}

// KeyByHash implements repository.Repository.
func (r keyStore) KeyByHash(ctx context.Context, hash []byte) (key models.APIKey, err error) {
	pool, err := r.backend.Read.DB()
	if err != nil {
		return models.APIKey{}, err
	}
	err = r.retry(ctx, func() (err error) {
		var found foundKey
		key, err = found.finish(r.backend.ReadRow(ctx, pool, r.keyByHash, hash, found.places()...))
		return err
	})
	return key, err
}

// findKey reads a key by its id.
func (r keyStore) findKey(tx *gorm.DB, id string) (models.APIKey, error) {
	var found foundKey
	row := tx.Statement.ConnPool.QueryRowContext(tx.Statement.Context, keyQuery(tx, r.backend.MayWrite, "id"), id)
	return found.finish(row.Scan(unreflected(found.places())...))
}
