package gormrepo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// object is what a change concerns.
type object struct {
	kind models.Object
	id   string
}

func keyObject(id string) object  { return object{models.ObjectKey, id} }
func userObject(id string) object { return object{models.ObjectUser, id} }

// change runs fn in a transaction that also logs that the objects changed. If
// fn fails, nothing is changed and nothing logged.
func (r *database) change(ctx context.Context, by repository.Attribution, fn func(tx *gorm.DB) error, objects ...object) error {
	return r.changeLogged(ctx, by, len(objects), func(tx *gorm.DB) ([]object, error) { return objects, fn(tx) })
}

// changeSome is change for objects that fn finds.
func (r *database) changeSome(ctx context.Context, by repository.Attribution, fn func(tx *gorm.DB) ([]object, error)) error {
	return r.changeLogged(ctx, by, 0, fn)
}

// changeLogged takes as many numbers as are known to be needed before fn, and the
// others afterwards.
func (r *database) changeLogged(ctx context.Context, by repository.Attribution, known int, fn func(tx *gorm.DB) ([]object, error)) error {
	if by.At.IsZero() {
		return errors.New("the attribution has no time")
	}
	return r.transactInTurn(ctx, func(tx *gorm.DB) error {
		last, err := advanceCounter(tx, known)
		if err != nil {
			return fmt.Errorf("advancing the change log: %w", err)
		}
		objects, err := fn(tx)
		if err != nil {
			return err
		}
		if more := len(objects) - known; more > 0 {
			if last, err = advanceCounter(tx, more); err != nil {
				return fmt.Errorf("advancing the change log: %w", err)
			}
		}
		entries := newEntries(by, objects)
		number(entries, last)
		if err := r.appendEntries(tx, entries); err != nil {
			return fmt.Errorf("appending to the change log: %w", err)
		}
		return r.announce(tx)
	})
}

// transactInTurn is transaction for changes, which all move one row: see queue.
func (r *database) transactInTurn(ctx context.Context, fn func(tx *gorm.DB) error) error {
	turn := r.queue.join(ctx)
	defer turn.release()
	return r.retry(ctx, func() error {
		err := r.transactOnce(ctx, fn)
		if r.wasRolledBack(err) {
			turn.take(ctx)
		}
		return err
	})
}

// appendEntries stores the entries. Their numbers are this transaction's alone; but
// a node of a Galera cluster whose transaction must give way to another's may
// find that one's entries there before it is told so.
func (r *database) appendEntries(tx *gorm.DB, entries []models.Change) error {
	err := tx.CreateInBatches(&entries, rowsPerInsert).Error
	if err != nil && r.backend.IsUniqueViolation(err) {
		return repeatable{err}
	}
	return err
}

func (r *database) announce(tx *gorm.DB) error {
	if r.backend.Announce == nil {
		return nil
	}
	return r.backend.Announce(tx)
}

// advanceCounter takes n numbers and returns the last. It is a transaction's
// first statement: the row stays locked until the end.
func advanceCounter(tx *gorm.DB, n int) (last int64, err error) {
	counter := tx.Table("ginauth_change_counter").Where("id = 1")
	err = counter.Session(&gorm.Session{}).Update("number", gorm.Expr("number + ?", n)).Error
	if err != nil {
		return 0, err
	}
	err = counter.Session(&gorm.Session{}).Select("number").Take(&last).Error
	return last, err
}

// newEntries makes the entries, which lack their numbers.
func newEntries(by repository.Attribution, objects []object) []models.Change {
	entries := make([]models.Change, len(objects))
	for i, o := range objects {
		entries[i] = models.Change{ID: uuid.NewString(), Object: o.kind, ObjectID: o.id, Actor: by.Actor, Date: by.At}
	}
	return entries
}

// number gives the entries the numbers that end with last.
func number(entries []models.Change, last int64) {
	for i := range entries {
		entries[i].Number = last - int64(len(entries)-1-i)
	}
}

// LatestChange implements repository.Repository.
func (r changeLog) LatestChange(ctx context.Context) (repository.Cursor, error) {
	latest, err := r.entries(ctx, "number DESC", 1, "number > 0")
	if err != nil || len(latest) == 0 {
		return repository.Cursor{}, err
	}
	return repository.NewCursor(latest[0]), nil
}

// entries reads the change log.
func (r changeLog) entries(ctx context.Context, order string, limit int, condition string, values ...any) (entries []models.Change, err error) {
	err = r.read(ctx, r.backend.Log, func(db *gorm.DB) error {
		query := db.Model(&models.Change{}).Where(condition, values...).Order(order).Limit(limit)
		entries, err = ask[models.Change](r.database, db, query, "number", "q."+order)
		return err
	})
	return entries, wrap("reading the change log", err)
}

// Changes implements repository.Repository. It reads the entry at the cursor
// too: that it is still there, the same, and followed without a gap tells at
// once that the log was neither cut nor exchanged.
func (r changeLog) Changes(ctx context.Context, after repository.Cursor, limit int) ([]models.Change, error) {
	if limit < 1 {
		return nil, fmt.Errorf("%d entries cannot be read", limit)
	}
	entries, err := r.entries(ctx, "number", limit+1, "number >= ?", after.Number)
	if err != nil {
		return nil, err
	}
	if after == (repository.Cursor{}) {
		entries = append([]models.Change{{}}, entries...)
	}
	if !continues(entries, after) {
		return nil, repository.ErrChangesLost
	}
	return entries[1:min(len(entries), limit+1)], nil
}

// continues reports whether the entries begin with the one at the cursor and
// have no gap.
func continues(entries []models.Change, at repository.Cursor) bool {
	if len(entries) == 0 || repository.NewCursor(entries[0]) != at {
		return false
	}
	for i, entry := range entries {
		if entry.Number != at.Number+int64(i) {
			return false
		}
	}
	return true
}

// Clock implements repository.Repository.
func (r changeLog) Clock(ctx context.Context) (time.Time, error) {
	var now int64
	err := r.read(ctx, r.backend.Log, func(db *gorm.DB) error { return db.Raw(r.backend.Clock).Scan(&now).Error })
	if err != nil {
		return time.Time{}, wrap("reading the clock", err)
	}
	return fromMillis(now), nil
}
