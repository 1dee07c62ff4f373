package repositorytest

import (
	"fmt"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func usageTests() []test {
	return []test{
		{"a new key has an empty usage", emptyUsage},
		{"flushes add up", flushesAddUp},
		{"the latest query never goes back", latestQueryNeverGoesBack},
		{"a repeated flush adds nothing", repeatedFlush},
		{"nodes do not share numbers", nodesAreApart},
		{"counting does not touch the key", countingSparesKey},
		{"counting does not resurrect a key", countingNeverResurrects},
		{"an unknown key is counted under its id", unknownKeyIsCounted},
		{"a flush may hold thousands of keys", bigFlush},
		{"a flush may be empty", emptyFlush},
		{"totals are exact beyond 2^53", bigTotals},
	}
}

// flushOne makes a flush of one key.
func flushOne(node string, number int64, keyID string, total int64, latest time.Time) repository.Flush {
	return repository.Flush{Node: node, Number: number, Usages: []models.Usage{
		{KeyID: keyID, TotalQueries: total, LatestQueryDate: latest},
	}}
}

// hasUsage reports a usage that is not the wanted one.
func hasUsage(s *suite, keyID string, total int64, latest time.Time) {
	s.Helper()
	want := models.Usage{KeyID: keyID, TotalQueries: total, LatestQueryDate: latest}
	same(s, "the usage", s.row(keyID).Usage, want)
}

func emptyUsage(s *suite) {
	key := s.createKey(newKey())
	_, first := s.createUser("ana")
	hasUsage(s, key.ID, 0, time.Time{})
	hasUsage(s, first.ID, 0, time.Time{})
}

func flushesAddUp(s *suite) {
	a, b, unused := s.createKey(newKey()), s.createKey(newKey()), s.createKey(newKey())
	s.addUsage(flushOne("node", 1, a.ID, 3, hour(1)))
	both := flushOne("node", 2, a.ID, 4, hour(2))
	both.Usages = append(both.Usages, models.Usage{KeyID: b.ID, TotalQueries: 10, LatestQueryDate: hour(3)})
	s.addUsage(both)
	hasUsage(s, a.ID, 7, hour(2))
	hasUsage(s, b.ID, 10, hour(3))
	hasUsage(s, unused.ID, 0, time.Time{})
}

// Nodes flush at different times, and what one reports late is still counted.
func latestQueryNeverGoesBack(s *suite) {
	key := s.createKey(newKey())
	s.addUsage(flushOne("a", 1, key.ID, 1, hour(5)))
	s.addUsage(flushOne("b", 1, key.ID, 1, hour(4)))
	hasUsage(s, key.ID, 2, hour(5))
	s.addUsage(flushOne("b", 2, key.ID, 1, time.Time{}))
	hasUsage(s, key.ID, 3, hour(5))
	s.addUsage(flushOne("a", 2, key.ID, 1, hour(5).Add(time.Millisecond)))
	hasUsage(s, key.ID, 4, hour(5).Add(time.Millisecond))
}

func repeatedFlush(s *suite) {
	key := s.createKey(newKey())
	first := flushOne("node", 1, key.ID, 3, hour(1))
	second := flushOne("node", 2, key.ID, 5, hour(2))
	for _, flush := range []repository.Flush{first, first, second, second, first, first} {
		s.addUsage(flush)
	}
	hasUsage(s, key.ID, 8, hour(2))
	s.addUsage(flushOne("node", 3, key.ID, 1, hour(3)))
	hasUsage(s, key.ID, 9, hour(3))
}

func nodesAreApart(s *suite) {
	key := s.createKey(newKey())
	s.addUsage(flushOne("a", 1, key.ID, 1, hour(1)))
	s.addUsage(flushOne("a", 2, key.ID, 10, hour(1)))
	s.addUsage(flushOne("b", 1, key.ID, 100, hour(1)))
	s.addUsage(flushOne("b", 2, key.ID, 1000, hour(1)))
	hasUsage(s, key.ID, 1111, hour(1))
}

// Otherwise each flush would send every other node to read the key again, and
// one that overtakes a revocation could undo it.
func countingSparesKey(s *suite) {
	active, revoked := s.createKey(newKey()), s.createKey(newKey())
	want := s.revokeKey(revoked.ID)
	before := s.changeLog()
	s.addUsage(newFlush("node", 1, active.ID, revoked.ID))
	same(s, "the active key", s.stored(active), active)
	same(s, "the revoked key", s.stored(revoked), want)
	same(s, "the change log", s.changeLog(), before)
}

func countingNeverResurrects(s *suite) {
	key := s.createKey(newKey())
	s.addUsage(newFlush("node", 1, key.ID))
	s.deleteKey(key.ID)
	s.addUsage(newFlush("node", 2, key.ID))
	s.isGone(key)
	hasUsage(s, key.ID, 2, hour(2))
	same(s, "the status", s.row(key.ID).Status(hour(3)), models.StatusDeleted)
	_, _, err := s.repo.RenewKey(s.Context(), attribution(), key.ID, repository.Renewal{Expiration: hour(20), Reactivate: true})
	s.failsWith(repository.ErrNotFound, "RenewKey after a late flush", err)
}

// A key may be unknown because the database was restored from an older copy;
// the rest of the flush must not suffer for it.
func unknownKeyIsCounted(s *suite) {
	key, unknown := s.createKey(newKey()), newKey()
	s.addUsage(newFlush("node", 1, unknown.ID, key.ID))
	hasUsage(s, key.ID, 1, hour(2))
	hasUsage(s, unknown.ID, 1, hour(2))
	s.isGone(unknown)
	same(s, "the status", s.row(unknown.ID).Status(hour(3)), models.StatusDeleted)
}

// All of a busy minute arrives at once, and again after a lost answer. It is
// more than some backends let into one statement.
func bigFlush(s *suite) {
	ids := make([]string, 12_000)
	for i := range ids {
		ids[i] = fmt.Sprintf("key-%d", (i*7)%len(ids))
	}
	s.addUsage(newFlush("node", 1, ids...))
	s.addUsage(newFlush("node", 1, ids...))
	s.addUsage(newFlush("node", 2, ids[:2500]...))
	totals := map[string]int64{}
	for _, row := range readPages(s, repository.KeyFilter{}, wholeList()) {
		totals[row.KeyID] += row.TotalQueries
	}
	same(s, "the number of keys", len(totals), len(ids))
	for i, id := range ids {
		want := int64(1)
		if i < 2500 {
			want = 2
		}
		if totals[id] != want {
			s.Fatalf("the total of %s is %d, want %d", id, totals[id], want)
		}
	}
}

func emptyFlush(s *suite) {
	key := s.createKey(newKey())
	s.addUsage(repository.Flush{Node: "node", Number: 1})
	s.addUsage(repository.Flush{Node: "node", Number: 2, Usages: []models.Usage{}})
	hasUsage(s, key.ID, 0, time.Time{})
	s.addUsage(newFlush("node", 3, key.ID))
	hasUsage(s, key.ID, 1, hour(2))
}

// A store that counts in floating point loses single queries there.
func bigTotals(s *suite) {
	const big = 1<<53 + 1
	key := s.createKey(newKey())
	s.addUsage(flushOne("node", 1, key.ID, big, hour(1)))
	s.addUsage(flushOne("node", 2, key.ID, 1, hour(1)))
	s.addUsage(flushOne("node", 3, key.ID, 1, hour(1)))
	hasUsage(s, key.ID, big+2, hour(1))
}
