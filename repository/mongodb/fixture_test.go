package mongodb

import (
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func noon() time.Time { return time.Date(2026, time.July, 1, 12, 0, 0, 0, time.UTC) }

func attribution() repository.Attribution { return repository.Attribution{Actor: "admin", At: noon()} }

func newKey() models.APIKey {
	id := uuid.Must(uuid.NewV7()).String()
	hash := sha256.Sum256([]byte(id))
	return models.APIKey{ID: id, Hash: hash[:], Name: "billing", CreationDate: noon()}
}

func newUser(name string) (models.User, models.APIKey) {
	user := models.User{ID: uuid.NewString(), Username: name, CanonicalUsername: name, CanonicalEmail: name + "@example.org"}
	key := newKey()
	key.UserID = user.ID
	return user, key
}

// newFlush uses each key once.
func newFlush(node string, number int64, keys ...models.APIKey) repository.Flush {
	flush := repository.Flush{Node: node, Number: number}
	for _, key := range keys {
		flush.Usages = append(flush.Usages, models.Usage{KeyID: key.ID, TotalQueries: 1, LatestQueryDate: noon()})
	}
	return flush
}

func succeeds(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func failsWith(t *testing.T, want, err error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("the error is %v, want %v", err, want)
	}
}

// create stores a key.
func create(t *testing.T, r repository.Repository) models.APIKey {
	t.Helper()
	key := newKey()
	succeeds(t, r.CreateKey(t.Context(), attribution(), key, repository.CreateKeyOptions{}))
	return key
}

// logged returns the ids of what the log names, in order.
func logged(t *testing.T, r repository.Repository) []string {
	t.Helper()
	entries, err := r.Changes(t.Context(), repository.Cursor{}, repository.MaxLimit)
	succeeds(t, err)
	ids := []string{}
	for _, entry := range entries {
		ids = append(ids, entry.ObjectID)
	}
	return ids
}

// listed returns the list of usage.
func listed(t *testing.T, r repository.Repository, limit int) []repository.KeyUsage {
	t.Helper()
	page := repository.Page{Sort: repository.SortID, Ascending: true, Limit: limit}
	rows := []repository.KeyUsage{}
	for {
		read, err := r.ListKeys(t.Context(), repository.KeyFilter{}, page)
		succeeds(t, err)
		rows = append(rows, read.Rows...)
		if page.Cursor = read.Next; page.Cursor == "" {
			return rows
		}
	}
}

func totals(t *testing.T, r repository.Repository) map[string]int64 {
	t.Helper()
	totals := map[string]int64{}
	for _, row := range listed(t, r, repository.MaxLimit) {
		totals[row.KeyID] = row.TotalQueries
	}
	return totals
}
