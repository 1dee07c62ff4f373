package migrationtest

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// clockNumber is below the number that a counter gets from the clock.
const clockNumber = 1_000_000_000_000

// loss is damage that is repaired at the start.
type loss struct {
	name string
	do   []string
	// warns is part of a warning, and fromClock says that the counter goes on
	// from the clock.
	warns     string
	fromClock bool
}

const (
	lostCounter = "counter of the change log"
	lostRecord  = "ginauth_migrations"
	noNumbers   = "UPDATE ginauth_change_counter SET number = 0"
)

// losses are in this order, on one database: the counter has a small number
// until the clock is used.
func (s Schema) losses(t *testing.T) []loss {
	t.Helper()
	var emptied []string
	for _, row := range s.rows(t, s.columnsQuery()) {
		if statement := "DELETE FROM " + row[0]; len(emptied) == 0 || emptied[len(emptied)-1] != statement {
			emptied = append(emptied, statement)
		}
	}
	emptied = append([]string{"DELETE FROM ginauth_keys"}, emptied...) // which point at users
	return []loss{
		{"the counter's row is missing", []string{"DELETE FROM ginauth_change_counter"}, lostCounter, false},
		{"another row is there", []string{"UPDATE ginauth_change_counter SET id = 2"}, lostCounter, false},
		{"the counter is below the log", []string{noNumbers}, lostCounter, false},
		{"the counter is far below zero", []string{"UPDATE ginauth_change_counter SET number = -5"}, lostCounter, false},
		{"the record is empty", []string{"DELETE FROM ginauth_migrations"}, lostRecord, false},
		{"the record is missing", []string{"DROP TABLE ginauth_migrations"}, lostRecord, false},
		{"the log is empty", []string{"DELETE FROM ginauth_changes"}, "", false},
		{"the log is empty and the counter zero", []string{"DELETE FROM ginauth_changes", noNumbers}, lostCounter, true},
		{"the log and the counter are empty", []string{"DELETE FROM ginauth_changes", "DELETE FROM ginauth_change_counter"}, lostCounter, true},
		{"all is empty but the record", withoutRecord(emptied), lostCounter, true},
		{"all is empty", emptied, lostCounter, true},
	}
}

func withoutRecord(statements []string) (kept []string) {
	for _, statement := range statements {
		if !strings.HasSuffix(statement, "ginauth_migrations") {
			kept = append(kept, statement)
		}
	}
	return kept
}

// repairs checks that after each loss every change works and gets a number that
// no change had before, also for who follows the log.
func (s Schema) repairs(t *testing.T) {
	t.Helper()
	repo := s.opened(t)
	changesWork(t, repo)
	before, err := repo.LatestChange(t.Context())
	succeeds(t, err)
	closes(t, repo)
	for _, l := range s.losses(t) {
		t.Run(l.name, func(t *testing.T) { before = s.expectRepair(t, l, before) })
	}
}

func (s Schema) expectRepair(t *testing.T, l loss, before repository.Cursor) repository.Cursor {
	t.Helper()
	s.exec(t, l.do...)
	repo := s.opened(t)
	defer closes(t, repo)
	warnings := strings.Join(repo.(repository.Advisor).Warnings(), "\n")
	if !strings.Contains(warnings, l.warns) {
		t.Errorf("the warnings are %q and do not say %q", warnings, l.warns)
	}
	changesWork(t, repo)
	after, err := repo.LatestChange(t.Context())
	succeeds(t, err)
	if after.Number <= before.Number || l.fromClock && after.Number < clockNumber {
		t.Errorf("the newest entry has number %d, and had %d", after.Number, before.Number)
	}
	if _, err := repo.Changes(t.Context(), before, 100); l.fromClock && !errors.Is(err, repository.ErrChangesLost) {
		t.Errorf("who follows the log from before is told %v", err)
	}
	again := s.opened(t)
	defer closes(t, again)
	if left := strings.Join(again.(repository.Advisor).Warnings(), "\n"); strings.Contains(left, lostCounter) || strings.Contains(left, lostRecord) {
		t.Errorf("the next start warns again: %q", left)
	}
	return after
}

// changesWork makes a change of each kind.
func changesWork(t *testing.T, repo repository.Repository) {
	t.Helper()
	ctx, by := t.Context(), repository.Attribution{Actor: "admin", At: noon()}
	name := uuid.NewString()
	user := models.User{ID: uuid.NewString(), Username: name, CanonicalUsername: name, Email: name, CanonicalEmail: name, CreationDate: noon(), ChangeDate: noon()}
	first := models.APIKey{ID: uuid.NewString(), Hash: []byte(name)[:32], UserID: user.ID, CreationDate: noon()}
	second := models.APIKey{ID: uuid.NewString(), Hash: []byte(name)[4:], CreationDate: noon()}
	succeeds(t, repo.CreateUser(ctx, by, user, first))
	succeeds(t, repo.CreateKey(ctx, by, second, repository.CreateKeyOptions{}))
	_, _, err := repo.RenewKey(ctx, by, first.ID, repository.Renewal{Expiration: noon()})
	succeeds(t, err)
	_, err = repo.RevokeKey(ctx, by, first.ID)
	succeeds(t, err)
	succeeds(t, repo.AddToken(ctx, models.Token{Hash: []byte(name)[:32], UserID: user.ID, CreationDate: noon(), ExpirationDate: noon()}))
	user.Version = 1
	_, err = repo.UpdateUser(ctx, by, user, repository.UserUpdate{RevokeKeys: true})
	succeeds(t, err)
	succeeds(t, repo.DeleteKey(ctx, by, second.ID))
	succeeds(t, repo.DeleteUser(ctx, by, user.ID, repository.DeleteUserOptions{}))
	succeeds(t, repo.AddUsage(ctx, repository.Flush{
		Node: uuid.NewString(), Number: 1, Usages: []models.Usage{{KeyID: first.ID, TotalQueries: 1, LatestQueryDate: noon()}},
		Hours: []models.HourUsage{{KeyID: first.ID, Hour: noon(), TotalQueries: 1}},
	}))
	if _, err := repo.KeyByHash(ctx, first.Hash); err != nil {
		t.Error(err)
	}
}
