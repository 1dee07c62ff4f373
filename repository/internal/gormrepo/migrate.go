package gormrepo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
)

// migration is one numbered step of the schema. A step that was released is
// never edited: it works on copies of the models as they were. It may find part
// of itself done, by a process that died where the database cannot roll a
// change of the schema back (MySQL). It changes the schema by tx.Migrator()
// alone, and reads no rows into memory: it also runs without effect, see planFor.
type migration func(tx *gorm.DB) error

// migrations returns every step; the first has number 1.
func migrations() []migration {
	return []migration{createTables, createSeries, addAccounts, addTokens, addLists}
}

// appliedMigration records that a step was taken.
type appliedMigration struct {
	Number int       `gorm:"primaryKey;autoIncrement:false"`
	Date   time.Time `gorm:"type:bigint;not null;serializer:ginauth_date"`
}

func (appliedMigration) TableName() string { return "ginauth_migrations" }

// migrate takes the steps that the database lacks, verifies the schema and
// repairs what can be repaired safely, of which it returns a sentence each. Of
// several processes that start at once one does the work, and the others wait
// for it and find it done.
func migrate(ctx context.Context, backend Backend) (repairs []string, err error) {
	err = backend.Migrate(backend.Write.WithContext(ctx), func(tx *gorm.DB) error {
		s := schemaStart{tx: tx, clock: backend.Clock, steps: migrations()}
		err := s.run()
		repairs = s.repairs
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("migrating the schema: %w", wrapEnd(ctx, err))
	}
	return repairs, nil
}

// schemaStart brings the schema up to date at the start of a process.
type schemaStart struct {
	tx      *gorm.DB
	clock   string
	steps   []migration
	final   plan
	repairs []string
}

// run verifies what is there before it changes anything, and all of it in the
// end.
func (s *schemaStart) run() (err error) {
	if s.final, err = planFor(s.tx, s.steps); err != nil {
		return err
	}
	found, err := readCatalog(s.tx)
	if err != nil {
		return err
	}
	done, err := s.begin(found)
	if err != nil {
		return err
	}
	for i := done; i < len(s.steps); i++ {
		if err := s.apply(i + 1); err != nil {
			return fmt.Errorf("the schema is at step %d and has to be brought to step %d, for which the account must be allowed "+
				"to create and alter tables; start once with such an account: step %d: %w", done, len(s.steps), i+1, err)
		}
	}
	if found, err = readCatalog(s.tx); err != nil {
		return err
	}
	if err := incomplete(append(s.final.missing(s.tx.Name(), found), s.final.obstacles(found)...)); err != nil {
		return err
	}
	if err := s.repairCounter(); err != nil {
		return err
	}
	return s.requireRights()
}

// begin returns how many steps were taken, after it has verified what they made.
func (s *schemaStart) begin(found catalog) (done int, err error) {
	recorded := found.tables[appliedMigration{}.TableName()]
	if recorded {
		if done, err = s.recorded(found); err != nil {
			return 0, err
		}
	}
	if done > len(s.steps) {
		return 0, fmt.Errorf("the database has schema %d and this version of ginauth knows %d: a newer one has been here", done, len(s.steps))
	}
	if err := incomplete(found.faults); err != nil {
		return 0, err
	}
	lost := done == 0
	if lost {
		if done, err = s.guessStep(found); err != nil {
			return 0, err
		}
	}
	made, err := planFor(s.tx, s.steps[:done])
	if err != nil {
		return 0, err
	}
	if done > 0 {
		delete(made, appliedMigration{}.TableName())
		if err := incomplete(made.kept(s.final).missing(s.tx.Name(), found)); err != nil {
			return 0, err
		}
	}
	return done, s.recordSteps(recorded, lost, done)
}

// recorded returns the newest step that is recorded.
func (s *schemaStart) recorded(found catalog) (step int, err error) {
	name := appliedMigration{}.TableName()
	record := plan{name: s.final[name]}
	if err := incomplete(record.missing(s.tx.Name(), found)); err != nil {
		return 0, err
	}
	err = s.tx.Model(appliedMigration{}).Select("COALESCE(MAX(number), 0)").Scan(&step).Error
	return step, err
}

// guessStep finds out how far a schema without a record has come: to the step
// before the newest of which something is there, since that one may be half
// done. Nothing is guessed about what a newer version may have made.
func (s *schemaStart) guessStep(found catalog) (done int, err error) {
	earlier := plan{}
	for i := range s.steps {
		made, err := planFor(s.tx, s.steps[:i+1])
		if err != nil {
			return 0, err
		}
		added := made.without(earlier)
		delete(added, appliedMigration{}.TableName())
		if added.anyFrom(found) {
			done = i
			if err := incomplete(added.started(s.tx.Name(), found)); err != nil {
				return 0, err
			}
		}
		earlier = made
	}
	if unknown := s.final.unknown(found); len(unknown) > 0 {
		return 0, fmt.Errorf("the database does not say which schema it has, and has %s, which this version of ginauth does not know: "+
			"a newer one may have been here; restore the table ginauth_migrations, or drop or rename what is not ginauth's", strings.Join(unknown, ", "))
	}
	return done, nil
}

// recordSteps records steps whose record was lost.
func (s *schemaStart) recordSteps(recorded, lost bool, done int) error {
	if !recorded {
		if err := s.tx.Migrator().CreateTable(appliedMigration{}); err != nil {
			return fmt.Errorf("the account must be allowed to create tables; start once with such an account: %w", err)
		}
	}
	if !lost || done == 0 {
		return nil
	}
	s.repairs = append(s.repairs, "the table ginauth_migrations did not say which steps of the schema were taken, although their tables were there; "+
		"it was written anew. Make sure that the database was restored completely")
	for number := range done {
		if err := s.record(number + 1); err != nil {
			return err
		}
	}
	return nil
}

func (s *schemaStart) apply(number int) error {
	if err := s.steps[number-1](s.tx); err != nil {
		return err
	}
	return s.record(number)
}

func (s *schemaStart) record(number int) error {
	return s.tx.Create(&appliedMigration{Number: number, Date: time.Now()}).Error
}
