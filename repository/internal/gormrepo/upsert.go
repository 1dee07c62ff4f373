package gormrepo

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"gorm.io/gorm"
)

// valuesPerStatement keeps a statement below SQLite's limit of 32,766 variables.
const valuesPerStatement = 10_000

// bytesPerStatement keeps a statement below the packet that MySQL takes (mysql's
// leastPacket), each byte of a text quoted.
const bytesPerStatement = 1 << 20

// upsert adds numbers to rows, which are inserted where they are missing. The rows
// are in the order of the primary key, so that nodes that add to the same rows never
// deadlock, and each is there once.
type upsert struct {
	table string
	// key are the columns of the primary key.
	key     []string
	columns []upsertColumn
	// update is what becomes of a row that is there, in SQL, where VALUES(column) is
	// what was to be inserted.
	update string
}

// upsertColumn has a value for each row, texts or numbers.
type upsertColumn struct {
	name    string
	texts   []string
	numbers []int64
}

func (c upsertColumn) value(row int) any {
	if c.texts != nil {
		return c.texts[row]
	}
	return c.numbers[row]
}

func (c upsertColumn) size(row int) int {
	if c.texts != nil {
		return 2*len(c.texts[row]) + 4
	}
	return 24
}

func (u upsert) rows() int { return max(len(u.columns[0].texts), len(u.columns[0].numbers)) }

func (u upsert) isEmpty() bool { return u.rows() == 0 }

// run writes past GORM, whose reflection on each value takes longer than the
// database.
func (u upsert) run(tx *gorm.DB) error {
	conn, ctx := tx.Statement.ConnPool, tx.Statement.Context
	if tx.Name() == "postgres" {
		_, err := conn.ExecContext(ctx, u.fromArrays(), u.arrays()...)
		return err
	}
	for begin := 0; begin < u.rows(); {
		end := u.endOfStatement(begin)
		if err := u.insert(ctx, conn, tx.Name(), begin, end); err != nil {
			return err
		}
		begin = end
	}
	return nil
}

// fromArrays takes a whole column as one parameter.
func (u upsert) fromArrays() string {
	arrays := make([]string, len(u.columns))
	for i, column := range u.columns {
		kind := "bigint"
		if column.texts != nil {
			kind = "text"
		}
		arrays[i] = fmt.Sprintf("$%d::%s[]", i+1, kind)
	}
	return "INSERT INTO " + u.table + " (" + u.names() + ") SELECT * FROM unnest(" + strings.Join(arrays, ", ") + ") " + u.onConflict("postgres")
}

func (u upsert) arrays() []any {
	arrays := make([]any, len(u.columns))
	for i, column := range u.columns {
		if arrays[i] = column.numbers; column.texts != nil {
			arrays[i] = column.texts
		}
	}
	return arrays
}

// endOfStatement is the first row that has no room in a statement.
func (u upsert) endOfStatement(begin int) int {
	last := min(u.rows(), begin+valuesPerStatement/len(u.columns))
	bytes := 0
	for row := begin; row < last; row++ {
		for _, column := range u.columns {
			bytes += column.size(row)
		}
		if bytes > bytesPerStatement && row > begin {
			return row
		}
	}
	return last
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func (u upsert) insert(ctx context.Context, conn execer, dialect string, begin, end int) error {
	row := ", (?" + strings.Repeat(", ?", len(u.columns)-1) + ")"
	values := make([]any, 0, (end-begin)*len(u.columns))
	for i := begin; i < end; i++ {
		for _, column := range u.columns {
			values = append(values, column.value(i))
		}
	}
	statement := "INSERT INTO " + u.table + " (" + u.names() + ") VALUES " + strings.Repeat(row, end-begin)[2:] + " " + u.onConflict(dialect)
	_, err := conn.ExecContext(ctx, statement, values...)
	return err
}

func (u upsert) names() string {
	names := make([]string, len(u.columns))
	for i, column := range u.columns {
		names[i] = column.name
	}
	return strings.Join(names, ", ")
}

// onConflict says update in the words of the database: VALUES is MySQL's.
func (u upsert) onConflict(dialect string) string {
	if dialect == "mysql" {
		return "ON DUPLICATE KEY UPDATE " + u.update
	}
	inserted := []string{}
	for _, column := range u.columns {
		inserted = append(inserted, "VALUES("+column.name+")", "excluded."+column.name)
	}
	return "ON CONFLICT (" + strings.Join(u.key, ", ") + ") DO UPDATE SET " + strings.NewReplacer(inserted...).Replace(u.update)
}
