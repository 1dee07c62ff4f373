package mongodb

import (
	"testing"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository/repositorytest"
)

func TestPruning(t *testing.T) {
	r := openURI(t, newDatabase(t))
	repositorytest.RunPruning(t, r, func(entries []models.Change) error {
		documents := make([]change, len(entries))
		for i, e := range entries {
			documents[i] = change{e.Number, e.ID, string(e.Object), e.ObjectID, e.Actor, millis(e.Date)}
		}
		_, err := r.changes.InsertMany(t.Context(), documents)
		return err
	})
}
