package mongodb

import (
	"reflect"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// begun takes the first step of a change of a user, the one that brings it into
// force.
func (s scene) begun(alter func(u user) user) user {
	s.t.Helper()
	stored, err := s.r.changeLog.flushedUser(s.t.Context(), s.user.ID)
	succeeds(s.t, err)
	next := alter(stored)
	changed, err := s.r.replaceUser(s.t.Context(), stored, next)
	if err != nil || !changed {
		s.t.Fatalf("the user is changed: %t, %v", changed, err)
	}
	return next
}

func same(u user) user { return u.changedTo(u.model(), newPending(attribution())) }

func revoking(u user) user { return same(u).revokingKeys(attribution()) }

func disabling(u user) user {
	u = same(u)
	u.DisabledDate = millis(noon())
	return u
}

func deleting(u user) user { return u.deleted(newPending(attribution())).revokingKeys(attribution()) }

func detaching(u user) user { return u.deleted(newPending(attribution())) }

// A reader of a user's key sees a change of the user that no process
// has carried over to the key, or to that one only.
func TestKeyFollowsItsOwner(t *testing.T) {
	for name, c := range map[string]struct {
		see    func(s scene) error
		failed error
	}{
		"renewing": {func(s scene) error {
			_, _, err := s.r.RenewKey(t.Context(), attribution(), s.next.ID, repository.Renewal{Expiration: noon()})
			return err
		}, repository.ErrRevoked},
		"reactivating": {func(s scene) error {
			_, reactivated, err := s.r.RenewKey(t.Context(), attribution(), s.next.ID, repository.Renewal{Expiration: time.Time{}, Reactivate: true})
			if key := s.found(s.next); !reactivated || key.IsRevoked() {
				t.Errorf("whether the key was reactivated is %t, it is %+v", reactivated, key)
			}
			return err
		}, nil},
		"revoking": {func(s scene) error {
			key, err := s.r.RevokeKey(t.Context(), repository.Attribution{Actor: "late", At: noon().Add(time.Hour)}, s.next.ID)
			if key.RevocationDate != noon() || key.Version != 2 {
				t.Errorf("the key is %+v", key)
			}
			return err
		}, nil},
		"deleting": {func(s scene) error { return s.r.DeleteKey(t.Context(), attribution(), s.next.ID) }, nil},
		"listing": {func(s scene) error {
			for _, row := range listed(t, s.r, 1) {
				if !row.IsRevoked() || row.UserVersion != 2 {
					t.Errorf("a row is %+v", row)
				}
			}
			return nil
		}, nil},
	} {
		for _, half := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				s := newScene(t, open(t))
				owner := s.begun(revoking)
				if half {
					succeeds(t, s.r.changeLog.owners.propagate(t.Context(), owner, byID(s.first.ID)))
				}
				failsWith(t, c.failed, c.see(s))
				if first := s.found(s.first); first.RevocationDate != noon() || first.Version != 2 {
					t.Errorf("the first key is %+v", first)
				}
			})
		}
	}
}

// However late a process carries a change over, it undoes nothing that came
// after it.
func TestLateCarryOver(t *testing.T) {
	s := newScene(t, open(t))
	owner := s.begun(func(u user) user {
		u = revoking(u)
		u.DisabledDate = millis(noon())
		return u
	})
	succeeds(t, s.r.changeLog.flushPendingUser(t.Context(), owner))
	_, _, err := s.r.RenewKey(t.Context(), attribution(), s.first.ID, repository.Renewal{Expiration: time.Time{}, Reactivate: true})
	succeeds(t, err)
	issued := newKey()
	issued.UserID = s.user.ID
	succeeds(t, s.r.CreateKey(t.Context(), attribution(), issued, repository.CreateKeyOptions{}))
	enabled := s.begun(func(u user) user {
		u = same(u)
		u.DisabledDate = 0
		return u
	})
	succeeds(t, s.r.changeLog.flushPendingUser(t.Context(), enabled))
	before, log := s.documents(), s.entries()
	for _, late := range []user{owner, enabled, owner} {
		succeeds(t, s.r.changeLog.flushPendingUser(t.Context(), late))
	}
	if after := s.documents(); !reflect.DeepEqual(after, before) || len(s.entries()) != len(log) {
		t.Errorf("the documents are\n%v, were\n%v", after, before)
	}
	if active, revoked := s.withStatus(models.StatusActive), s.withStatus(models.StatusRevoked); active != 1 || revoked != 1 {
		t.Errorf("%d keys are active and %d revoked", active, revoked)
	}
}

// documents reads all that is kept of keys and users.
func (s scene) documents() []bson.M {
	s.t.Helper()
	all := []bson.M{}
	for _, collection := range []checked{s.r.keys, s.r.users} {
		cursor, err := collection.Find(s.t.Context(), bson.D{})
		succeeds(s.t, err)
		var some []bson.M
		succeeds(s.t, cursor.All(s.t.Context(), &some))
		all = append(all, some...)
	}
	return all
}

// A key that was reactivated while a revocation of all was on its way, revoked
// already for a reason of its own, stays so.
func TestReactivatedBeforeItFollows(t *testing.T) {
	s := newScene(t, open(t))
	_, err := s.r.RevokeKey(t.Context(), attribution(), s.first.ID)
	succeeds(t, err)
	owner := s.begun(revoking)
	_, reactivated, err := s.r.RenewKey(t.Context(), attribution(), s.first.ID, repository.Renewal{Expiration: time.Time{}, Reactivate: true})
	succeeds(t, err)
	succeeds(t, s.r.changeLog.flushPendingUser(t.Context(), owner))
	if keys := s.keys(); !reactivated || keys[0].IsRevoked() || !keys[1].IsRevoked() {
		t.Errorf("the keys are %+v", keys)
	}
}

// undecided stores a further key for a user, as they were read before what
// comes in between, and dies.
func (s scene) undecided(version int64, between func(u user) user) record {
	s.t.Helper()
	key := newKey()
	key.UserID, key.Version = s.user.ID, 1
	rec := newRecord(key, newPending(attribution()))
	owner, err := s.r.admitting(s.t.Context(), key.UserID, version)
	succeeds(s.t, err)
	rec.follow(owner)
	rec.Pending.IfVersion = &version
	if between != nil {
		succeeds(s.t, s.r.changeLog.flushPendingUser(s.t.Context(), s.begun(between)))
	}
	succeeds(s.t, s.r.changeLog.insertRecord(s.t.Context(), rec))
	return rec
}

// Whether a key comes into force that was issued while its user changed is for
// the version that it was issued to, and whoever looks first decides for all.
func TestUndecidedKey(t *testing.T) {
	for name, c := range map[string]struct {
		version int64
		between func(u user) user
		want    error
		status  models.Status
	}{
		"the user is the same":               {1, nil, nil, models.StatusActive},
		"the user is there":                  {0, nil, nil, models.StatusActive},
		"the user is another":                {1, same, repository.ErrOutdated, ""},
		"the user has changed, no matter":    {0, same, nil, models.StatusActive},
		"the user was disabled":              {0, disabling, nil, models.StatusDisabled},
		"the user had their keys revoked":    {0, revoking, nil, models.StatusRevoked},
		"the user is gone":                   {0, deleting, repository.ErrNotFound, ""},
		"the user of that version is gone":   {1, deleting, repository.ErrNotFound, ""},
		"the user is gone and left the keys": {0, detaching, repository.ErrNotFound, ""},
	} {
		for seer, see := range map[string]func(s scene){
			"nobody":    func(scene) {},
			"who lists": func(s scene) { listed(t, s.r, 10) },
			"who asks":  func(s scene) { s.withStatus(models.StatusDisabled) },
			"the log":   func(s scene) { s.entries() },
			"a late change": func(s scene) {
				_ = s.r.DeleteUser(t.Context(), attribution(), newKey().ID, repository.DeleteUserOptions{})
			},
		} {
			t.Run(name+", "+seer, func(t *testing.T) {
				s := newScene(t, open(t))
				s.next.ID = s.undecided(c.version, c.between).ID
				var rec record
				succeeds(t, s.r.keys.FindOne(t.Context(), byID(s.next.ID)).Decode(&rec))
				see(s)
				_, err := s.r.issue(t.Context(), rec)
				failsWith(t, c.want, err)
				if there, err := isThere(t.Context(), s.r.keys, byID(rec.ID)); err != nil || there != (c.want == nil) {
					t.Errorf("whether the key is there is %t (%v)", there, err)
				}
				if got := s.statusFrom(rec.ID); got != c.status {
					t.Errorf("the key is listed as %q, want %q", got, c.status)
				}
			})
		}
	}
}

// statusFrom is the status by which lists find the key, "" if by none.
func (s scene) statusFrom(id string) models.Status {
	s.t.Helper()
	for _, status := range []models.Status{models.StatusActive, models.StatusDisabled, models.StatusRevoked, models.StatusDeleted} {
		filter := repository.KeyFilter{KeyID: id, Status: status, Now: noon()}
		page, err := s.r.ListKeys(s.t.Context(), filter, repository.Page{Sort: repository.SortID, Limit: 1})
		succeeds(s.t, err)
		if len(page.Rows) == 1 {
			return status
		}
	}
	return ""
}

// A user whose deletion is under way is decided upon like one who is gone, and
// keeps nobody from taking the name and the address.
func TestHalfDeletion(t *testing.T) {
	for _, alter := range []func(user) user{deleting, detaching} {
		s := newScene(t, open(t))
		rec := s.undecided(0, nil)
		s.begun(alter)
		if !isGone(s) {
			t.Error("the user is there")
		}
		_, _, err := s.r.changeLog.owners.findKey(t.Context(), byID(rec.ID))
		failsWith(t, mongo.ErrNoDocuments, err)
		key := newKey()
		key.UserID = s.user.ID
		failsWith(t, repository.ErrNotFound, s.r.CreateKey(t.Context(), attribution(), key, repository.CreateKeyOptions{}))
		again, first := newUser(s.user.CanonicalUsername)
		succeeds(t, s.r.CreateUser(t.Context(), attribution(), again, first))
		page, err := s.r.ListUsers(t.Context(), repository.UserFilter{}, repository.Page{Sort: repository.SortID, Limit: 10})
		succeeds(t, err)
		if len(page.Rows) != 1 || page.Rows[0].ID != again.ID {
			t.Errorf("the users are %v", page.Rows)
		}
		_, err = s.r.UpdateUser(t.Context(), attribution(), s.user, repository.UserUpdate{RevokeKeys: true})
		failsWith(t, repository.ErrNotFound, err)
		failsWith(t, repository.ErrNotFound, s.r.DeleteUser(t.Context(), attribution(), s.user.ID, repository.DeleteUserOptions{DetachKeys: true}))
		if n, err := s.r.users.CountDocuments(t.Context(), bson.D{}); err != nil || n != 1 {
			t.Errorf("%d documents of users are left (%v)", n, err)
		}
	}
}

// A user's creation is logged before their change.
func TestPendingCreationComesBeforeAChange(t *testing.T) {
	r := open(t)
	user, key := newUser("ana")
	begin(t, r, key)
	succeeds(t, r.insertUser(t.Context(), stored(user, key)))
	user.Version = 1
	_, err := r.UpdateUser(t.Context(), attribution(), user, repository.UserUpdate{})
	succeeds(t, err)
	succeeds(t, r.DeleteUser(t.Context(), attribution(), user.ID, repository.DeleteUserOptions{DetachKeys: true}))
	if got := logged(t, r); !reflect.DeepEqual(got, []string{user.ID, key.ID, user.ID, user.ID}) {
		t.Errorf("the log names %v", got)
	}
	found, err := r.KeyByHash(t.Context(), key.Hash)
	if err != nil || found.UserID != "" || found.UserVersion != 0 || found.Username != "" {
		t.Errorf("the key is %+v (%v)", found, err)
	}
}
