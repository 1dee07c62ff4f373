package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// A change of another node is announced here, and only once it can be read.
func TestSubscribe(t *testing.T) {
	uri := testdatabase.New(t, "postgres").String()
	here, there := openURI(t, uri), openURI(t, uri)
	ctx, cancel := context.WithCancel(t.Context())
	notifications, ended := make(chan struct{}, 100), make(chan error)
	go func() { ended <- here.(repository.Notifier).Subscribe(ctx, func() { notifications <- struct{}{} }) }()
	wait(t, notifications) // it has subscribed
	for n := range 3 {
		id := uuid.NewString()
		key := models.APIKey{ID: id, Hash: []byte(id)[:32], CreationDate: time.Now()}
		if err := there.CreateKey(t.Context(), repository.Attribution{Actor: "test", At: time.Now()}, key, repository.CreateKeyOptions{}); err != nil {
			t.Fatal(err)
		}
		wait(t, notifications)
		if entries, err := here.Changes(t.Context(), repository.Cursor{}, 10); err != nil || len(entries) != n+1 {
			t.Errorf("after notification %d there are %d entries (%v)", n+1, len(entries), err)
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
}

// Changes of other tests are announced, too, so only a missing notification is an
// error.
func wait(t *testing.T, notifications chan struct{}) {
	t.Helper()
	select {
	case <-notifications:
	case <-time.After(20 * time.Second):
		t.Fatal("no notification arrives")
	}
}
