package keycache

import (
	"errors"
	"fmt"
	"testing"
	"time"
	"unsafe"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func TestReadsOnce(t *testing.T) {
	f := newFixture(t)
	f.expect(Miss)
	f.mustLoad()
	f.expect(Hit)
	if n := f.store.count(); n != 1 {
		t.Errorf("the store was asked %d times", n)
	}
}

// A million keys are in memory, and what a look-up costs is waiting for it.
func TestKeyFillsTwoCacheLines(t *testing.T) {
	if size := unsafe.Sizeof(Key{}); unsafe.Sizeof(uintptr(0)) == 8 && size != 128 {
		t.Errorf("it takes %d bytes", size)
	}
}

func TestKeyIsKeptWhole(t *testing.T) {
	f := newFixture(t)
	f.key.ExpirationDate, f.key.RevocationDate = noon.Add(time.Hour), noon.Add(time.Minute)
	f.key.DisabledDate, f.key.AccessUntil, f.key.ExpirationFixed = noon.Add(time.Second), noon.Add(30*time.Minute), true
	f.store.put(f.key)
	want := f.key
	want.Hash, want.Version = nil, 0
	key := f.mustLoad()
	if got := key.APIKey(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the key is %v, want %v", got, want)
	}
	if key.ID() != want.ID || key.UserID() != want.UserID {
		t.Errorf("the ids are %q and %q", key.ID(), key.UserID())
	}
}

func TestKeyTellsOfItsUser(t *testing.T) {
	f := newFixture(t)
	if status := f.mustLoad().Status(noon); status != models.StatusActive {
		t.Errorf("the key is %s", status)
	}
	f.key.DisabledDate = noon
	f.store.put(f.key)
	f.Invalidate("the-user")
	if status := f.mustLoad().Status(noon); status != models.StatusDisabled {
		t.Errorf("the key of a disabled user is %s", status)
	}
}

// No key is served after its owner's access has ended, and it tells of both
// dates.
func TestAccessEnds(t *testing.T) {
	for name, expiration := range map[string]time.Time{"never": {}, "later": noon.Add(time.Hour), "earlier": noon.Add(time.Second)} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.key.ExpirationDate, f.key.AccessUntil = expiration, noon.Add(time.Minute)
			f.store.put(f.key)
			key, end := f.mustLoad(), f.key.End()
			if status := key.Status(end.Add(-time.Millisecond)); status != models.StatusActive {
				t.Errorf("before its end it is %s", status)
			}
			if status := key.Status(end); status != models.StatusExpired {
				t.Errorf("at its end it is %s", status)
			}
			if got := key.APIKey(); !got.ExpirationDate.Equal(expiration) || !got.AccessUntil.Equal(f.key.AccessUntil) {
				t.Errorf("its dates are %v and %v", got.ExpirationDate, got.AccessUntil)
			}
			if n := testing.AllocsPerRun(100, func() { key.Status(noon) }); n != 0 {
				t.Errorf("its status takes %v allocations", n)
			}
		})
	}
}

func TestAnotherKeyIsAnOutage(t *testing.T) {
	f := newFixture(t)
	other := toHash("other")
	f.store.keys[f.hash] = models.APIKey{ID: "x", Hash: other[:]}
	if key, err := f.load(); !errors.Is(err, errOtherKey) || key != nil {
		t.Errorf("%v, %v", key, err)
	}
	f.expect(Miss)
}

func TestChangesOutdate(t *testing.T) {
	for name, change := range map[string]func(f *fixture){
		"of the key":    func(f *fixture) { f.Invalidate("other", "the-key") },
		"of its user":   func(f *fixture) { f.Invalidate("the-user") },
		"of everything": func(f *fixture) { f.InvalidateAll() },
		"of its age":    func(f *fixture) { f.advance(4 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.mustLoad()
			f.Invalidate("unrelated")
			f.expect(Hit)
			change(f)
			f.expect(Expired)
			f.revoke()
			f.expectRevoked(f.load())
			f.expect(Hit)
		})
	}
}

// Keys that were read together are not read again together.
func TestAgesDiffer(t *testing.T) {
	f := newFixture(t)
	limits := map[time.Duration]bool{}
	for i := range 256 {
		limit := ageLimit(f.options.MaxAge, Hash{byte(i)})
		limits[limit] = true
		if limit > f.options.MaxAge || limit < f.options.MaxAge*3/4 {
			t.Errorf("a limit is %v", limit)
		}
	}
	if len(limits) < 256 {
		t.Errorf("there are %d limits", len(limits))
	}
}

func TestAbsenceIsRememberedForAMoment(t *testing.T) {
	for name, end := range map[string]func(f *fixture){
		"until it is over":  func(f *fixture) { f.advance(unknownAge) },
		"until a key comes": func(f *fixture) { f.InvalidateKeys("a-new-key") },
		"until all changes": func(f *fixture) { f.InvalidateAll() },
	} {
		after := NegativeExpired
		if name == "until it is over" {
			after = Miss
		}
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.store.keys = map[Hash]models.APIKey{}
			if _, err := f.load(); !errors.Is(err, repository.ErrNotFound) {
				t.Fatal(err)
			}
			f.advance(unknownAge - 1)
			f.InvalidateUsers("the-user", "another")
			f.Invalidate("a-key-of-this-process")
			f.InvalidateKeys("a-key-of-this-process")
			f.expect(NegativeHit)
			end(f)
			f.store.put(f.key)
			f.expect(after)
			f.mustLoad()
			f.expect(Hit)
		})
	}
}

// A deleted key is not remembered as one that is there.
func TestDeletedKeyIsForgotten(t *testing.T) {
	f := newFixture(t)
	f.mustLoad()
	f.store.keys = map[Hash]models.APIKey{}
	f.Invalidate("the-key")
	if _, err := f.load(); !errors.Is(err, repository.ErrNotFound) {
		t.Fatal(err)
	}
	f.expect(NegativeHit)
}

// An outage says nothing about a key.
func TestErrorsAreNotRemembered(t *testing.T) {
	f := newFixture(t)
	down := errors.New("down")
	f.store.fail(down)
	if _, err := f.load(); !errors.Is(err, down) {
		t.Fatal(err)
	}
	f.expect(Miss)
	f.store.fail(nil)
	f.mustLoad()
}

func TestStaleLimit(t *testing.T) {
	f := newFixture(t)
	f.mustLoad()
	f.now = noon.Add(30 * time.Second)
	f.expect(Hit)
	f.now = noon.Add(30*time.Second + 1)
	f.expect(Stale)
	if _, err := f.Load(t.Context(), toHash("another"), admitted); !errors.Is(err, ErrStale) {
		t.Errorf("reading says %v", err)
	}
	f.Confirm(noon.Add(time.Second))
	f.expect(Hit)
	f.Confirm(noon) // an older success takes nothing back
	f.expect(Hit)
}

func TestBoundedSize(t *testing.T) {
	f := newFixture(t)
	for i := range 1000 {
		hash := toHash(fmt.Sprint(i))
		f.store.put(models.APIKey{ID: fmt.Sprint(i), Hash: hash[:]})
		if _, err := f.Load(t.Context(), hash, admitted); err != nil {
			t.Fatal(err)
		}
	}
	remembered := 0
	for i := range 1000 {
		if key, _ := f.Lookup(toHash(fmt.Sprint(i)), noon); key != nil {
			remembered++
		}
	}
	if remembered != 100 {
		t.Errorf("%d keys are remembered", remembered)
	}
}

func TestPanicIsAnError(t *testing.T) {
	c := New(panicking{}, Options{MaxKeys: 1, MaxAge: time.Minute, StaleLimit: time.Minute, Now: time.Now})
	defer c.Close()
	if _, err := c.Load(t.Context(), Hash{}, admitted); err == nil {
		t.Error("a store that panics is no error")
	}
}

type panicking struct{}
