package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// flushKeys is how many keys are used in the interval that is flushed.
const flushKeys = 100_000

// measureWrites measures flushes, bulk calls and the export of all keys.
func measureWrites(ctx context.Context, auth *ginauth.Auth, repo repository.Repository, engine *gin.Engine, p population) ([]adminCall, error) {
	calls := []adminCall{}
	for number, name := range []string{"flush of 100,000 keys, the first of an hour", "flush of 100,000 keys", "flush of 100,000 keys, again"} {
		flush := newFlush(p, int64(number+1))
		begin := time.Now()
		if err := repo.AddUsage(ctx, flush); err != nil {
			return nil, err
		}
		calls = append(calls, adminCall{name: name, median: time.Since(begin), status: http.StatusOK})
	}
	single, err := perKey(200, func() error {
		_, err := auth.Keys().Issue(ctx, keys.IssueParams{Name: "bench"})
		return err
	})
	if err != nil {
		return nil, err
	}
	batch := keys.IssueManyParams{Keys: make([]keys.IssueParams, repository.BatchSize)}
	for i := range batch.Keys {
		batch.Keys[i].Name = "bench"
	}
	many, err := perKey(5, func() error {
		_, err := auth.Keys().IssueMany(ctx, batch)
		return err
	})
	if err != nil {
		return nil, err
	}
	many /= repository.BatchSize
	calls = append(calls,
		adminCall{name: "issuing a key", median: single, status: http.StatusOK},
		adminCall{name: fmt.Sprintf("issuing a key in a batch of 1,000 (%.0f times as fast)", float64(single)/float64(many)), median: many, status: http.StatusOK},
	)
	return append(calls, measureExport(ctx, engine)), nil
}

func newFlush(p population, number int64) repository.Flush {
	flush := repository.Flush{Node: "bench", Number: number}
	now := time.Now().UTC()
	for i := range min(flushKeys, p.keys) {
		id := fmt.Sprintf("%08x-0001-7000-8000-000000000000", i*(p.keys/min(flushKeys, p.keys))+1)
		flush.Usages = append(flush.Usages, models.Usage{KeyID: id, TotalQueries: 3, LatestQueryDate: now})
		flush.Hours = append(flush.Hours, models.HourUsage{KeyID: id, Route: "/route/1", Hour: now.Truncate(time.Hour), TotalQueries: 3})
	}
	return flush
}

func perKey(n int, do func() error) (time.Duration, error) {
	begin := time.Now()
	for range n {
		if err := do(); err != nil {
			return 0, err
		}
	}
	return time.Since(begin) / time.Duration(n), nil
}

// counting is where an export goes. It notes how large the heap has been.
type counting struct {
	header      http.Header
	bytes, most uint64
	next        uint64
}

// Header implements http.ResponseWriter.
func (c *counting) Header() http.Header { return c.header }

// WriteHeader implements http.ResponseWriter.
func (c *counting) WriteHeader(int) {}

// Write implements http.ResponseWriter.
func (c *counting) Write(p []byte) (int, error) {
	if c.bytes += uint64(len(p)); c.bytes >= c.next {
		c.next += 16 << 20
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		c.most = max(c.most, memory.HeapAlloc)
	}
	return len(p), nil
}

func measureExport(ctx context.Context, engine *gin.Engine) adminCall {
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/auth/logs/export", nil)
	request.Header.Set("secret-key", adminSecret)
	answer := &counting{header: http.Header{}}
	begin := time.Now()
	engine.ServeHTTP(answer, request)
	name := fmt.Sprintf("export of all keys, %d MB, in a heap of at most %d MB", answer.bytes>>20, answer.most>>20)
	return adminCall{name: name, median: time.Since(begin), status: http.StatusOK}
}
