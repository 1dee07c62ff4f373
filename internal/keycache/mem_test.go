package keycache

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/models"
)

type fakeStore struct{}

func (fakeStore) KeyByHash(_ context.Context, hash []byte) (models.APIKey, error) {
	return models.APIKey{ID: uuid.NewString(), Hash: hash, Hint: "ga_1a2b" + string(hash[:0]), UserID: uuid.NewString(), Username: string(append([]byte("ada"), 'a'+hash[0]%10)), CreationDate: time.Now(), ExpirationDate: time.Now().Add(time.Hour)}, nil
}

func hashOf(i int) Hash {
	return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
}

func BenchmarkLookup(b *testing.B) {
	for _, n := range []int{1000, 1_000_000} {
		b.Run("", func(b *testing.B) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			c := New(fakeStore{}, Options{MaxKeys: 1_000_000, MaxAge: time.Hour, StaleLimit: time.Hour, Now: time.Now})
			var empty runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&empty)
			for i := range n {
				if _, err := c.Load(b.Context(), hashOf(i)); err != nil {
					b.Fatal(err)
				}
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			hashes := make([]Hash, n)
			for i := range hashes {
				hashes[i] = hashOf(i)
			}
			b.ResetTimer()
			for i := 0; b.Loop(); i++ {
				if _, a := c.Lookup(hashes[i%n], time.Now()); a != Valid {
					b.Fatal(a)
				}
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB")
			b.ReportMetric(float64(empty.HeapAlloc-before.HeapAlloc)/1e6, "MBempty")
		})
	}
}
