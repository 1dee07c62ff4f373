package memory

import (
	"testing"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository/repositorytest"
)

func TestPruneChanges(t *testing.T) {
	repo := New(time.Now)
	repositorytest.RunPruning(t, repo, func(entries []models.Change) error {
		repo.log = append(repo.log, entries...)
		repo.lastNumber += int64(len(entries))
		return nil
	})
}
