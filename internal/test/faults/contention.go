package faults

import (
	"errors"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/repository"
)

// Two processes create the same user over and over.
func raceForUsername(s *suite) {
	repos := s.openTwice()
	const crowd = 100
	errs := inBackground(crowd, func(i int) error {
		user, key := newUser("ana")
		return repos[i%2].CreateUser(s.Context(), attribution(), user, key)
	})()
	winners := 0
	for _, err := range errs {
		if err == nil {
			winners++
			continue
		}
		var conflict *repository.ConflictError
		if !errors.As(err, &conflict) || conflict.Field != "username" {
			s.Errorf("a loser is told %v", err)
		}
	}
	entries := s.entriesAfter(repos[0], repository.Cursor{})
	if winners != 1 || len(entries) != 2 || len(s.totals(repos[1])) != 1 {
		s.Errorf("there are %d winners, the log is %v", winners, entries)
	}
}

// The k-th entry is of the renewal that gave the key version k, whichever
// process made it.
func raceToRenew(s *suite) {
	repos := s.openTwice()
	key := s.createKey(repos[0])
	const crowd = 40
	versions := make([]int64, crowd)
	errs := inBackground(crowd, func(i int) error {
		by := repository.Attribution{Actor: strconv.Itoa(i), At: hour(1)}
		renewed, _, err := repos[i%2].RenewKey(s.Context(), by, key.ID, repository.Renewal{Expiration: hour(20)})
		versions[i] = renewed.Version
		return err
	})()
	s.succeeds("RenewKey", errors.Join(errs...))
	entries := s.entriesAfter(repos[1], repository.Cursor{})
	if len(entries) != crowd+1 {
		s.Fatalf("the log has %d entries, want %d", len(entries), crowd+1)
	}
	for _, entry := range entries[1:] {
		i, err := strconv.Atoi(entry.Actor)
		s.succeeds("reading the actor", err)
		if versions[i] != entry.Number {
			s.Errorf("entry %d is of version %d", entry.Number, versions[i])
		}
	}
}

// totals reads the whole list.
func (s *suite) totals(repo repository.Repository) map[string]int64 {
	s.Helper()
	totals := map[string]int64{}
	page := repository.Page{Sort: repository.SortID, Limit: repository.MaxLimit}
	for {
		read, err := repo.ListKeys(s.Context(), repository.KeyFilter{}, page)
		s.succeeds("ListKeys", err)
		for _, row := range read.Rows {
			totals[row.KeyID] = row.TotalQueries
		}
		if page.Cursor = read.Next; page.Cursor == "" {
			return totals
		}
	}
}

// Two processes flush the usage of the same keys in opposite orders, while
// others change some of them and make keys whose ids lie in between. Nobody is
// told of a deadlock, and nothing is counted twice or not at all.
func oppositeFlushes(s *suite) {
	const flushes, stored = 8, 20
	repos := s.openTwice()
	ids := s.idsInAnyOrder(repos[0], s.backend.FlushedKeys, stored)
	orders := [2][]string{ids, slices.Clone(ids)}
	slices.Reverse(orders[1])
	nodes := [2]string{newID(), newID()}
	errs := inBackground(4, func(i int) error {
		if i >= 2 {
			return s.changeKeys(repos[i%2], orders[i%2][:stored/2])
		}
		for number := range int64(flushes) {
			if err := repos[i].AddUsage(s.Context(), newFlush(nodes[i], number+1, orders[i]...)); err != nil {
				return err
			}
		}
		return nil
	})()
	s.succeeds("writing at once", errors.Join(errs...))
	totals := s.totals(repos[0])
	for _, id := range ids {
		if totals[id] != 2*flushes {
			s.Fatalf("a total is %d, want %d", totals[id], 2*flushes)
		}
	}
}

// idsInAnyOrder returns ids, of which the first and the last ones are of keys
// that are stored; the others are of keys that never were.
func (s *suite) idsInAnyOrder(repo repository.Repository, n, stored int) []string {
	s.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = uuid.NewString()
		if i >= stored/2 && i < n-stored/2 {
			continue
		}
		key := newKey()
		key.ID = ids[i]
		s.succeeds("CreateKey", repo.CreateKey(s.Context(), attribution(), key, repository.CreateKeyOptions{}))
	}
	return ids
}

// changeKeys renews, revokes and deletes keys, and makes a new one for each.
func (s *suite) changeKeys(repo repository.Repository, ids []string) error {
	for _, id := range ids {
		key := newKey()
		key.ID = uuid.NewString()
		_, _, renewed := repo.RenewKey(s.Context(), attribution(), id, repository.Renewal{Expiration: hour(20)})
		_, revoked := repo.RevokeKey(s.Context(), attribution(), id)
		err := errors.Join(repo.CreateKey(s.Context(), attribution(), key, repository.CreateKeyOptions{}), renewed, revoked, repo.DeleteKey(s.Context(), attribution(), id))
		if err != nil {
			return err
		}
	}
	return nil
}

// Several processes start at once on an empty database, and each can use it.
func startAtOnce(s *suite) {
	const processes = 6
	uri := testdatabase.New(s.T, s.backend.Kind).String()
	errs := inBackground(processes, func(int) error {
		repo, err := s.backend.Open(s.Context(), uri)
		if err != nil {
			return err
		}
		return errors.Join(repo.CreateKey(s.Context(), attribution(), newKey(), repository.CreateKeyOptions{}), repo.Close())
	})()
	s.succeeds("starting at once", errors.Join(errs...))
	repo := s.open(uri)
	if entries := s.entriesAfter(repo, repository.Cursor{}); len(entries) != processes || len(s.totals(repo)) != processes {
		s.Errorf("the log is %v, want %d entries and keys", entries, processes)
	}
}
