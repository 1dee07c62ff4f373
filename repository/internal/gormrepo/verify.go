package gormrepo

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// missing returns a clause for each thing of the plan that is not there. The
// sentence that they end up in says what to do.
func (p plan) missing(dialect string, found catalog) (faults []string) {
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if !found.tables[name] {
			faults = append(faults, fmt.Sprintf("the table %q is missing", name))
			continue
		}
		faults = append(faults, p[name].missing(dialect, name, found.columns[name], found.uniques[name])...)
	}
	return faults
}

func (t *plannedTable) missing(dialect, table string, columns map[string]foundColumn, uniques []uniqueIndex) (faults []string) {
	for _, name := range slices.Sorted(maps.Keys(t.columns)) {
		planned := t.columns[name]
		found, ok := columns[name]
		switch {
		case !ok:
			faults = append(faults, fmt.Sprintf("the table %q lacks the column %q", table, name))
		case !compatible(dialect, planned.dataType, found.Type):
			faults = append(faults, fmt.Sprintf("the column %q of the table %q has the type %s in place of %s", name, table, found.Type, planned.dataType))
		case planned.nullable && !found.Nullable:
			faults = append(faults, fmt.Sprintf("the column %q of the table %q takes no NULL", name, table))
		}
	}
	for _, planned := range t.uniques {
		if !slices.ContainsFunc(uniques, planned.hasColumns) {
			faults = append(faults, planned.missingFrom(table))
		}
	}
	return faults
}

func (u uniqueIndex) hasColumns(other uniqueIndex) bool {
	return slices.Equal(u.columns, other.columns)
}

func (u uniqueIndex) missingFrom(table string) string {
	columns := strings.Join(u.columns, ", ")
	if u.name == "" {
		return fmt.Sprintf("the table %q lacks its primary key over %s", table, columns)
	}
	return fmt.Sprintf("the table %q lacks the unique index over %s (CREATE UNIQUE INDEX %s ON %s (%s), after removing rows that have the same value)",
		table, columns, u.name, table, columns)
}

// obstacles returns a clause for each thing that is not planned and that would
// make changes fail.
func (p plan) obstacles(found catalog) (faults []string) {
	faults = slices.Clone(found.faults)
	for _, table := range slices.Sorted(maps.Keys(p)) {
		for _, name := range p.unknownColumns(table, found) {
			if column := found.columns[table][name]; !column.Nullable && !column.HasDefault {
				faults = append(faults, fmt.Sprintf("the table %q has the column %q, which ginauth does not know, and which must have a value", table, name))
			}
		}
		for _, unique := range found.uniques[table] {
			if p[table].wouldRefuse(unique) {
				faults = append(faults, fmt.Sprintf("the table %q has the unique index %q, which ginauth did not make (drop it)", table, unique.name))
			}
		}
	}
	return faults
}

// wouldRefuse reports whether a unique index forbids rows that the planned ones
// allow.
func (t *plannedTable) wouldRefuse(unique uniqueIndex) bool {
	return !slices.ContainsFunc(t.uniques, func(planned uniqueIndex) bool {
		return !slices.ContainsFunc(planned.columns, func(column string) bool { return !slices.Contains(unique.columns, column) })
	})
}

func (p plan) unknownColumns(table string, found catalog) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(found.columns[table])) {
		if _, planned := p[table].columns[name]; !planned {
			names = append(names, name)
		}
	}
	return names
}

// unknown returns what is there under ginauth's names and not planned.
func (p plan) unknown(found catalog) (names []string) {
	for _, table := range slices.Sorted(maps.Keys(found.tables)) {
		if p[table] == nil {
			names = append(names, "the table "+table)
			continue
		}
		for _, column := range p.unknownColumns(table, found) {
			names = append(names, "the column "+table+"."+column)
		}
	}
	return names
}

// anyFrom reports whether a column of the plan is there.
func (p plan) anyFrom(found catalog) bool {
	for name, table := range p {
		for column := range table.columns {
			if _, ok := found.columns[name][column]; ok {
				return true
			}
		}
	}
	return false
}

// started returns what tables lack that the plan makes anew and that are there.
// A table is made as a whole, a column added on its own.
func (p plan) started(dialect string, found catalog) (faults []string) {
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if len(p[name].uniques) > 0 && found.tables[name] {
			faults = append(faults, p[name].missing(dialect, name, found.columns[name], found.uniques[name])...)
		}
	}
	return faults
}

// without returns what the plan has beside an earlier one.
func (p plan) without(earlier plan) plan {
	rest := plan{}
	for name, table := range p {
		added := &plannedTable{map[string]plannedColumn{}, nil}
		for column, planned := range table.columns {
			if earlier[name] == nil {
				added.uniques = table.uniques
				added.columns[column] = planned
			} else if _, old := earlier[name].columns[column]; !old {
				added.columns[column] = planned
			}
		}
		if len(added.columns) > 0 {
			rest[name] = added
		}
	}
	return rest
}

// kept returns what of the plan a later one still has, which a step that was
// cut short cannot have removed.
func (p plan) kept(later plan) plan {
	rest := plan{}
	for name, table := range p {
		if later[name] == nil {
			continue
		}
		rest[name] = &plannedTable{maps.Clone(table.columns), table.uniques}
		maps.DeleteFunc(rest[name].columns, func(column string, planned plannedColumn) bool {
			same, ok := later[name].columns[column]
			return !ok || same != planned
		})
	}
	return rest
}

// ErrSchema says that tables, columns or indexes are not those that ginauth makes.
var ErrSchema = errors.New("the schema is not as ginauth makes it")

func incomplete(faults []string) error {
	if len(faults) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s; restore a complete backup (schema and data), "+
		"or drop or rename the tables ginauth_* if they are not ginauth's or hold nothing that is needed", ErrSchema, strings.Join(faults, "; "))
}
