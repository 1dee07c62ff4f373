package mongodb

import (
	"sync"
	"testing"
	"time"

	"github.com/ginauth/ginauth/repository"
)

// Two connections, or one, do for everything: calls wait for one that is there.
func TestSmallPools(t *testing.T) {
	for _, size := range []string{"1", "2"} {
		t.Run(size, func(t *testing.T) {
			t.Parallel()
			r := openURI(t, newDatabase(t)+"?maxPoolSize="+size)
			exercise(t, r)
			var calls sync.WaitGroup
			failed := make(chan error, 40)
			for range 20 {
				key := newKey()
				calls.Go(func() { failed <- r.CreateKey(t.Context(), attribution(), key, repository.CreateKeyOptions{}) })
				calls.Go(func() { // as the change feed does
					_, err := r.Changes(t.Context(), repository.Cursor{}, 1)
					failed <- err
				})
			}
			finished := make(chan struct{})
			go func() { calls.Wait(); close(failed); close(finished) }()
			select {
			case <-finished:
			case <-time.After(30 * time.Second):
				t.Fatal("the calls wait for one another")
			}
			for err := range failed {
				succeeds(t, err)
			}
		})
	}
}
