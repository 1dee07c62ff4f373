package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/internal/testdatabase"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// What another node changes rings here, and only once it can be read.
func TestListen(t *testing.T) {
	uri := testdatabase.New(t, "postgres").String()
	here, there := openURI(t, uri), openURI(t, uri)
	ctx, cancel := context.WithCancel(t.Context())
	rings, ended := make(chan struct{}, 100), make(chan error)
	go func() { ended <- here.(repository.Bell).Listen(ctx, func() { rings <- struct{}{} }) }()
	wait(t, rings) // it listens
	for n := range 3 {
		id := uuid.NewString()
		key := models.APIKey{ID: id, Hash: []byte(id)[:32], CreationDate: time.Now()}
		if err := there.CreateKey(t.Context(), repository.Act{Actor: "test", Date: time.Now()}, key, 0); err != nil {
			t.Fatal(err)
		}
		wait(t, rings)
		if entries, err := here.Changes(t.Context(), repository.Cursor{}, 10); err != nil || len(entries) != n+1 {
			t.Errorf("after ring %d there are %d entries (%v)", n+1, len(entries), err)
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
}

// Other tests' changes ring too, so that only the absence of a ring says
// something.
func wait(t *testing.T, rings chan struct{}) {
	t.Helper()
	select {
	case <-rings:
	case <-time.After(20 * time.Second):
		t.Fatal("it does not ring")
	}
}
