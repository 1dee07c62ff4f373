package testfaults

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ginauth/ginauth/repository"
)

// crowd is how many goroutines meet where one call could undo another.
const crowd = 100

func raceForUsername(b *bench) {
	repos := b.openTwice()
	winners := 0
	for _, err := range together(crowd, func(i int) error {
		user, key := newUser("ana")
		user.CanonicalEmail = strconv.Itoa(i)
		return repos[i%2].CreateUser(b.Context(), act(), user, key)
	}) {
		var conflict *repository.ConflictError
		switch {
		case err == nil:
			winners++
		case !errors.As(err, &conflict) || conflict.Field != "username":
			b.Errorf("CreateUser returns %v, want a conflict of the username", err)
		}
	}
	if keys, entries := len(b.totals(repos[0])), len(b.logged(repos[1], repository.Cursor{})); winners != 1 || keys != 1 || entries != 2 {
		b.Errorf("there are %d winners, %d keys and %d entries", winners, keys, entries)
	}
}

// The k-th entry is of the renewal that gave the key version k, whichever
// process made it.
func raceToRenew(b *bench) {
	repos := b.openTwice()
	key := b.createKey(repos[0])
	const n = 40
	versions := make([]int64, n)
	errs := together(n, func(i int) error {
		act := repository.Act{Actor: strconv.Itoa(i), Date: noon()}
		renewed, _, err := repos[i%2].RenewKey(b.Context(), act, key.ID, noon(), false)
		versions[i] = renewed.Version
		return err
	})
	b.succeeds("RenewKey", errors.Join(errs...))
	entries, err := repos[1].Changes(b.Context(), repository.Cursor{}, repository.MaxLimit)
	b.succeeds("Changes", err)
	if len(entries) != n+1 {
		b.Fatalf("the log has %d entries", len(entries))
	}
	for _, entry := range entries[1:] {
		i, err := strconv.Atoi(entry.Actor)
		b.succeeds("Atoi", err)
		if versions[i] != entry.Number {
			b.Errorf("entry %d is of version %d", entry.Number, versions[i])
		}
	}
}

// Several nodes flush the same thousands of keys, half of them from the other
// end, and half of the keys are new.
func oppositeFlushes(b *bench) {
	repos := b.openTwice()
	const keys, nodes, flushes = 2000, 8, 3
	ids := make([]string, keys)
	for i := range ids {
		ids[i] = fmt.Sprintf("key-%d", i)
	}
	b.succeeds("AddUsage", repos[0].AddUsage(b.Context(), flushOf("first", 1, ids[:keys/2]...)))
	errs := together(nodes, func(i int) error {
		mine := slices.Clone(ids)
		if i%4 > 1 {
			slices.Reverse(mine)
		}
		failures := []error{}
		for number := range int64(flushes) {
			failures = append(failures, repos[i%2].AddUsage(b.Context(), flushOf(fmt.Sprint("node-", i), number+1, mine...)))
		}
		return errors.Join(failures...)
	})
	b.succeeds("AddUsage", errors.Join(errs...))
	for i, totals := 0, b.totals(repos[0]); i < keys; i++ {
		want := int64(nodes * flushes)
		if i < keys/2 {
			want++
		}
		if got := totals[ids[i]]; got != want {
			b.Fatalf("the total of %s is %d, want %d", ids[i], got, want)
		}
	}
}

// Flushes and changes of the same keys get into each other's way without
// failing. Whoever creates a key that was counted before finds its id taken.
func flushesAmongChanges(b *bench) {
	repos := b.openTwice()
	const keys, flushers, flushes = 48, 4, 12
	ids := make([]string, keys)
	for i := range ids {
		ids[i] = newKey().ID
	}
	errs := together(2*flushers, func(i int) error {
		failures := []error{}
		if i%2 == 0 {
			for number := range int64(flushes) {
				mine := ids[:(int(number)+1)*keys/flushes] // more each time
				failures = append(failures, repos[i/2%2].AddUsage(b.Context(), flushOf(fmt.Sprint("node-", i), number+1, mine...)))
			}
			return errors.Join(failures...)
		}
		for n := i / 2; n < keys; n += flushers {
			failures = append(failures, b.liveAndDie(repos[i/2%2], ids[n]))
		}
		return errors.Join(failures...)
	})
	b.succeeds("the race", errors.Join(errs...))
	totals := b.totals(repos[1])
	for n, id := range ids {
		if want := int64(flushers * (flushes - n*flushes/keys)); totals[id] != want {
			b.Errorf("the total of key %d is %d, want %d", n, totals[id], want)
		}
	}
}

// liveAndDie takes a key from its creation to its end.
func (b *bench) liveAndDie(repo repository.Repository, id string) error {
	key := newKey()
	key.ID = id
	if err := repo.CreateKey(b.Context(), act(), key); err != nil {
		if errors.Is(err, repository.ErrConflict) {
			return nil
		}
		return err
	}
	_, revoking := repo.RevokeKey(b.Context(), act(), id)
	_, _, renewing := repo.RenewKey(b.Context(), act(), id, noon().Add(time.Hour), true)
	return errors.Join(revoking, renewing, repo.DeleteKey(b.Context(), act(), id))
}

func openAtOnce(b *bench) {
	uri := b.newDatabase()
	const processes = 6
	errs := together(processes, func(int) error {
		repo, err := b.Open(b.Context(), uri)
		if err != nil {
			return err
		}
		return errors.Join(repo.CreateKey(b.Context(), act(), newKey()), repo.Close())
	})
	b.succeeds("Open", errors.Join(errs...))
	repo := b.openURI(uri)
	if entries, keys := len(b.logged(repo, repository.Cursor{})), len(b.totals(repo)); entries != processes || keys != processes {
		b.Errorf("there are %d entries and %d keys, want %d", entries, keys, processes)
	}
}
