package gormrepo

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"gorm.io/gorm"
	"gorm.io/gorm/migrator"
	"gorm.io/gorm/schema"
)

// plan is a schema as the migrations make it: the tables by their names.
type plan map[string]*plannedTable

type plannedTable struct {
	columns map[string]plannedColumn
	uniques []uniqueIndex
}

type plannedColumn struct {
	dataType string
	nullable bool
}

// uniqueIndex is a unique index, or the primary key if it has no name. Its
// columns are sorted, since their order does not matter here.
type uniqueIndex struct {
	name    string
	columns []string
}

// planFor finds out which schema the steps make, in the words of the database.
// The steps run without effect, and a migrator notes what they ask for. So the
// migrations stay the one place that describes the schema.
func planFor(db *gorm.DB, steps []migration) (plan, error) {
	made := plan{}
	dry := db.Session(&gorm.Session{NewDB: true, DryRun: true})
	dry.Dialector = planning{dry.Dialector, made}
	if err := dry.Migrator().CreateTable(&appliedMigration{}); err != nil {
		return nil, err
	}
	for i, step := range steps {
		if err := step(dry); err != nil {
			return nil, fmt.Errorf("planning step %d: %w", i+1, err)
		}
	}
	return made, nil
}

// planning is a dialect whose migrator makes a plan.
type planning struct {
	gorm.Dialector
	plan plan
}

// Migrator implements gorm.Dialector.
func (p planning) Migrator(db *gorm.DB) gorm.Migrator {
	return planner{p.Dialector.Migrator(db), db, p.Dialector, p.plan}
}

// planner notes what a migration does. Its other calls reach the dialect's
// migrator, on a session that executes nothing.
type planner struct {
	gorm.Migrator
	db      *gorm.DB
	dialect gorm.Dialector
	plan    plan
}

// HasTable implements gorm.Migrator.
func (p planner) HasTable(model any) bool {
	parsed, err := parse(model)
	return err == nil && p.plan[parsed.Table] != nil
}

// HasColumn implements gorm.Migrator.
func (p planner) HasColumn(model any, field string) bool {
	parsed, err := parse(model)
	if err != nil || p.plan[parsed.Table] == nil {
		return false
	}
	_, known := p.plan[parsed.Table].columns[parsed.LookUpField(field).DBName]
	return known
}

// HasIndex implements gorm.Migrator. A plan has no indexes but unique ones, which
// no step adds to a table.
func (p planner) HasIndex(any, string) bool { return false }

// CreateIndex implements gorm.Migrator.
func (p planner) CreateIndex(any, string) error { return nil }

// CreateTable implements gorm.Migrator.
func (p planner) CreateTable(models ...any) error {
	for _, model := range models {
		parsed, err := parse(model)
		if err != nil {
			return err
		}
		table := &plannedTable{map[string]plannedColumn{}, []uniqueIndex{{"", sortedNames(parsed.PrimaryFields)}}}
		for _, field := range parsed.Fields {
			if field.DBName != "" && !field.IgnoreMigration {
				table.columns[field.DBName] = p.column(field)
			}
		}
		for _, index := range parsed.ParseIndexes() {
			if index.Class == "UNIQUE" {
				table.uniques = append(table.uniques, uniqueFrom(index))
			}
		}
		p.plan[parsed.Table] = table
	}
	return nil
}

// AddColumn implements gorm.Migrator.
func (p planner) AddColumn(model any, name string) error {
	parsed, err := parse(model)
	if err != nil {
		return err
	}
	field := parsed.LookUpField(name)
	p.plan[parsed.Table].columns[field.DBName] = p.column(field)
	return nil
}

func (p planner) column(field *schema.Field) plannedColumn {
	dataType := ""
	if own, ok := reflect.New(field.IndirectFieldType).Interface().(migrator.GormDataTypeInterface); ok {
		dataType = own.GormDBDataType(p.db, field)
	}
	dataType = strings.ToLower(cmp.Or(dataType, p.dialect.DataTypeOf(field)))
	return plannedColumn{dataType, !field.NotNull && !field.PrimaryKey}
}

func parse(model any) (*schema.Schema, error) {
	return schema.Parse(model, &sync.Map{}, schema.NamingStrategy{})
}

func sortedNames(fields []*schema.Field) []string {
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = field.DBName
	}
	slices.Sort(names)
	return names
}

func uniqueFrom(index *schema.Index) uniqueIndex {
	fields := make([]*schema.Field, len(index.Fields))
	for i, option := range index.Fields {
		fields[i] = option.Field
	}
	return uniqueIndex{index.Name, sortedNames(fields)}
}
