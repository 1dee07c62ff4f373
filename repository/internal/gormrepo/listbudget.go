package gormrepo

import (
	"math"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository"
)

// listBudget is how many rows a page of a list reads in one attempt after another, at
// first and at last.
type listBudget struct{ first, last int }

func defaultBudget() listBudget { return listBudget{1000, repository.RowBudget} }

// steps are how many rows are read: as many as are wanted, if nothing is filtered.
func (b listBudget) steps(wanted int, filtered bool) []int {
	if !filtered {
		return []int{wanted}
	}
	steps := []int{}
	for n := max(b.first, wanted); n < b.last; n *= 10 {
		steps = append(steps, n)
	}
	return append(steps, max(b.last, wanted))
}

// source is a condition that one index answers.
type source struct {
	table, id, condition string
	values               []any
	// rows is how many rows meet it, as far as they were counted.
	rows int
}

// ids are those of the rows.
func (s source) ids(db *gorm.DB) *gorm.DB {
	return db.Table(s.table).Select(s.id+" AS key_id").Where(s.condition, s.values...)
}

// count counts the rows up to a number, by the index alone.
func (s source) count(r *database, db *gorm.DB, most int) (int, error) {
	return count(r, db, db.Table(s.table).Select("1 AS one").Where(s.condition, s.values...).Limit(most))
}

// narrow returns the source with the fewest rows, if it has no more than most; else one
// without bound.
func narrow(r *database, db *gorm.DB, sources []source, most int) (source, error) {
	narrowest := source{rows: math.MaxInt}
	for _, s := range sources {
		limit := min(narrowest.rows, most+1)
		rows, err := s.count(r, db, limit)
		if err != nil {
			return narrowest, err
		}
		if rows < limit {
			narrowest = s
			narrowest.rows = rows
		}
	}
	return narrowest, nil
}

// count is how many rows a query has.
func count(r *database, db, query *gorm.DB) (int, error) {
	counted := db.Table("(?) AS c", query).Select("COUNT(*) AS rows_read")
	rows, err := ask[struct{ RowsRead int }](r, db, counted, "rows_read", "")
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0].RowsRead, nil
}
