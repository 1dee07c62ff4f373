package mongodb

import (
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository"
)

// withQuery returns the URI with a parameter more.
func withQuery(uri *url.URL, name, value string) string {
	changed, query := *uri, uri.Query()
	query.Set(name, value)
	changed.RawQuery = query.Encode()
	return changed.String()
}

// Two connections, or one, do for everything: calls wait for one that is there.
func TestSmallPools(t *testing.T) {
	for _, size := range []string{"1", "2"} {
		t.Run(size, func(t *testing.T) {
			t.Parallel()
			r := openURI(t, withQuery(testdatabase.New(t, "mongodb"), "maxPoolSize", size))
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
