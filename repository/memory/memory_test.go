package memory_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/memory"
	"github.com/ginauth/ginauth/repository/repositorytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	repositorytest.Run(t, func(*testing.T) repository.Repository { return memory.New(time.Now) })
}

// A caller may change a slice that was stored or returned: the stored key
// stays as it is.
func TestStoredHashesAreCopies(t *testing.T) {
	repo, hash := memory.New(time.Now), []byte("0123456789abcdef0123456789abcdef")
	by := repository.Attribution{At: time.Now()}
	if err := repo.CreateKey(t.Context(), by, models.APIKey{ID: "id", Hash: hash}, repository.CreateKeyOptions{}); err != nil {
		t.Fatal(err)
	}
	hash[0] = 'x'
	for range 2 {
		found, err := repo.KeyByHash(t.Context(), []byte("0123456789abcdef0123456789abcdef"))
		if err != nil || found.Hash[0] != '0' {
			t.Fatalf("the key is %v, %v", found, err)
		}
		found.Hash[0] = 'y'
	}
}

func TestSubscribe(t *testing.T) {
	repo := memory.New(time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	notified, ended := make(chan struct{}, 100), make(chan error)
	go func() { ended <- repo.Subscribe(ctx, func() { notified <- struct{}{} }) }()
	by := repository.Attribution{At: time.Now()}
	for received := false; !received; { // the subscription may begin later
		_, _ = repo.RevokeKey(t.Context(), by, "unknown")
		id := time.Now().String()
		_ = repo.CreateKey(t.Context(), by, models.APIKey{ID: id, Hash: []byte(id)}, repository.CreateKeyOptions{})
		select {
		case <-notified:
			received = true
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
}
