package mongodb

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

var errDead = errors.New("the process is dead")

// wire is what happens before a message of the driver is sent; an error keeps
// it, and all later ones, from the server.
type wire func(message []byte) error

// DialContext implements options.ContextDialer.
func (w wire) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return wired{conn, w}, err
}

type wired struct {
	net.Conn
	wire wire
}

func (w wired) Write(message []byte) (int, error) {
	if err := w.wire(message); err != nil {
		return 0, err
	}
	return w.Conn.Write(message)
}

// openWired opens a database once more, for another process.
func openWired(t *testing.T, uri string, wire wire) *Repository {
	t.Helper()
	options, database, err := parse(uri)
	succeeds(t, err)
	client, err := mongo.Connect(options.SetDialer(wire))
	succeeds(t, err)
	r := newRepository(client, client.Database(database))
	if options.ReplicaSet != nil { // which the start would find out
		r.primary.ask = askSet(r.schema.Collection)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// openMortal opens a database for a process that dies after so many writes, and
// returns whether it has.
func openMortal(t *testing.T, uri string, writes int64) (r *Repository, died func() bool) {
	t.Helper()
	var left atomic.Int64
	left.Store(writes)
	died = func() bool { return left.Load() < 0 }
	return openWired(t, uri, func(message []byte) error {
		if isCommand(message, "insert", "update", "delete") {
			left.Add(-1)
		}
		if died() && !isCommand(message, "hello", "isMaster") {
			return errDead
		}
		return nil
	}), died
}

// scene is a user with two keys, and what a test asks of them.
type scene struct {
	t           *testing.T
	r           *Repository
	user        models.User
	first, next models.APIKey
	// before is the length of the log.
	before int
}

func newScene(t *testing.T, r *Repository) scene {
	t.Helper()
	user, first := newUser(newKey().ID)
	succeeds(t, r.CreateUser(t.Context(), attribution(), user, first))
	next := newKey()
	next.UserID, next.UserVersion = user.ID, 1
	succeeds(t, r.CreateKey(t.Context(), attribution(), next, repository.CreateKeyOptions{}))
	user, err := r.UserByID(t.Context(), user.ID)
	succeeds(t, err)
	return scene{t, r, user, first, next, len(logged(t, r))}
}

// keys reads both keys.
func (s scene) keys() []models.APIKey {
	s.t.Helper()
	return []models.APIKey{s.found(s.first), s.found(s.next)}
}

func (s scene) found(key models.APIKey) models.APIKey {
	s.t.Helper()
	found, err := s.r.KeyByHash(s.t.Context(), key.Hash)
	succeeds(s.t, err)
	return found
}

// withStatus lists the keys that were the user's.
func (s scene) withStatus(status models.Status) int {
	s.t.Helper()
	filter := repository.KeyFilter{Status: status, Now: noon()}
	page, err := s.r.ListKeys(s.t.Context(), filter, repository.Page{Sort: repository.SortID, Limit: repository.MaxLimit})
	succeeds(s.t, err)
	count := 0
	for _, row := range page.Rows {
		if row.KeyID == s.first.ID || row.KeyID == s.next.ID {
			count++
		}
	}
	return count
}

// entries returns the objects that were logged since.
func (s scene) entries() []string { return logged(s.t, s.r)[s.before:] }

// Wherever a process dies in a change of a user, all of it is in force or
// nothing, for every reader, and the log says so.
func TestInterruptionOfAChangeOfAUser(t *testing.T) {
	for name, c := range map[string]struct {
		make func(r *Repository, s scene) error
		// happened reports whether it has, going by what anybody can see.
		happened func(s scene) bool
		// status is that of the keys then.
		status models.Status
	}{
		"revoking": {func(r *Repository, s scene) error {
			_, err := r.UpdateUser(t.Context(), attribution(), s.user, repository.UserUpdate{RevokeKeys: true})
			return err
		}, isChanged, models.StatusRevoked},
		"disabling": {func(r *Repository, s scene) error {
			s.user.DisabledDate = noon()
			_, err := r.UpdateUser(t.Context(), attribution(), s.user, repository.UserUpdate{})
			return err
		}, isChanged, models.StatusDisabled},
		"deleting": {func(r *Repository, s scene) error {
			return r.DeleteUser(t.Context(), attribution(), s.user.ID, repository.DeleteUserOptions{})
		}, isGone, models.StatusRevoked},
		"detaching": {func(r *Repository, s scene) error {
			return r.DeleteUser(t.Context(), attribution(), s.user.ID, repository.DeleteUserOptions{DetachKeys: true})
		}, isGone, models.StatusActive},
	} {
		t.Run(name, func(t *testing.T) {
			uri := newDatabase(t)
			healthy := openURI(t, uri)
			outcomes := map[bool]int{}
			for writes, died := int64(0), true; died; writes++ {
				s := newScene(t, healthy)
				mortal, isDead := openMortal(t, uri, writes)
				err := c.make(mortal, s)
				died = isDead()
				if died == (err == nil) || died != errors.Is(err, repository.ErrOutcomeUnknown) {
					t.Errorf("after %d writes, dead %t, it returns %v", writes, died, err)
				}
				happened := c.happened(s)
				s.isWhole(happened, c.status)
				outcomes[happened]++
			}
			if outcomes[false] == 0 || outcomes[true] < 4 {
				t.Errorf("the outcomes are %v", outcomes)
			}
		})
	}
}

func isChanged(s scene) bool {
	s.t.Helper()
	found, err := s.r.UserByID(s.t.Context(), s.user.ID)
	succeeds(s.t, err)
	return found.Version == s.user.Version+1
}

func isGone(s scene) bool {
	s.t.Helper()
	_, byID := s.r.UserByID(s.t.Context(), s.user.ID)
	_, byName := s.r.UserByUsername(s.t.Context(), s.user.CanonicalUsername)
	_, byEmail := s.r.UserByEmail(s.t.Context(), s.user.CanonicalEmail)
	if (byID == nil) != (byName == nil) || (byID == nil) != (byEmail == nil) {
		s.t.Errorf("the user is found with %v, %v and %v", byID, byName, byEmail)
	}
	return byID != nil
}

// isWhole looks at the keys, at lists and at the log, in this order, since the
// latter two finish what was left.
func (s scene) isWhole(happened bool, status models.Status) {
	s.t.Helper()
	want, entries := models.StatusActive, 0
	if happened {
		want, entries = status, 1
	}
	before := s.keys()
	for _, key := range before {
		if got := key.Status(noon()); got != want {
			s.t.Errorf("a key is %s, want %s", got, want)
		}
	}
	if got := s.withStatus(want); got != 2 {
		s.t.Errorf("%d keys are listed as %s", got, want)
	}
	if got := s.entries(); len(got) != entries || entries == 1 && got[0] != s.user.ID {
		s.t.Errorf("the log names %v, want %d times %s", got, entries, s.user.ID)
	}
	for i, key := range s.keys() {
		if key.Version != before[i].Version || key.RevocationDate != before[i].RevocationDate || key.UserID != before[i].UserID {
			s.t.Errorf("the key was %+v and is %+v", before[i], key)
		}
	}
	for _, collection := range []checked{s.r.keys, s.r.users} {
		left, err := collection.CountDocuments(s.t.Context(), bson.D{{Key: "pending", Value: exists(true)}})
		if err != nil || left != 0 {
			s.t.Errorf("%d documents of %s have pending changes (%v)", left, collection.Name(), err)
		}
	}
}

// The same of a key that is issued to a user: it is there or it is not, and
// who comes next decides which.
func TestInterruptionOfAnIssue(t *testing.T) {
	uri := newDatabase(t)
	healthy := openURI(t, uri)
	for writes, died := int64(0), true; died; writes++ {
		s := newScene(t, healthy)
		key := newKey()
		key.UserID, key.UserVersion = s.user.ID, s.user.Version
		mortal, isDead := openMortal(t, uri, writes)
		err := mortal.CreateKey(t.Context(), attribution(), key, repository.CreateKeyOptions{})
		if died = isDead(); died == (err == nil) {
			t.Errorf("after %d writes, dead %t, it returns %v", writes, died, err)
		}
		_, missing := healthy.KeyByHash(t.Context(), key.Hash)
		if (missing == nil) != (writes > 0) {
			t.Errorf("after %d writes the key is found with %v", writes, missing)
		}
		s.next = key
		if got := len(s.entries()); (got == 1) != (missing == nil) || got > 1 {
			t.Errorf("after %d writes there are %d entries, and the key is found with %v", writes, got, missing)
		}
	}
}
