package repositorytest

import (
	"slices"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func listTests() []test {
	return []test{
		{"an empty list is not nil", emptyList},
		{"a row holds the key, its usage and its owner", wholeRow},
		{"filters narrow the list", filters},
		{"the status is judged at the given time", statusFilter},
		{"a status that no key can have has no keys", unknownStatus},
	}
}

func emptyList(s *suite) {
	same(s, "the number of rows", len(s.list(repository.KeyFilter{})), 0)
	s.createKey(newKey())
	same(s, "the number of rows", len(s.list(repository.KeyFilter{Name: "nothing like it"})), 0)
}

func wholeRow(s *suite) {
	user, key := s.createUser("ana")
	service := s.createKey(newKey())
	s.addUsage(flushOne("node", 1, key.ID, 3, hour(2)))
	same(s, "the row of a user's key", s.row(key.ID), repository.KeyUsage{
		APIKey: key, Email: user.Email,
		Usage: models.Usage{KeyID: key.ID, TotalQueries: 3, LatestQueryDate: hour(2)},
	})
	same(s, "the row of a service key", s.row(service.ID), repository.KeyUsage{
		APIKey: service, Usage: models.Usage{KeyID: service.ID},
	})
	s.revokeKey(key.ID)
	same(s, "the row of a changed key", s.row(key.ID).APIKey, s.stored(key))
}

// household is a database with some of everything.
type household struct {
	ana, bob                                models.User
	anas, anasOther, bobs, service, deleted string
}

func newHousehold(s *suite) household {
	s.Helper()
	ana, anas := s.createUser("ana")
	bob, bobs := s.createUser("bob")
	anasOther := newKeyFor(ana)
	anasOther.Name = "laptop"
	s.createKey(anasOther)
	service, deleted := newKey(), newKey()
	service.Name = "laptop"
	s.createKey(service)
	s.createKey(deleted)
	s.revokeKey(bobs.ID)
	s.deleteKey(deleted.ID)
	return household{ana, bob, anas.ID, anasOther.ID, bobs.ID, service.ID, deleted.ID}
}

func filters(s *suite) {
	h := newHousehold(s)
	for _, t := range []struct {
		filter repository.KeyFilter
		want   []string
	}{
		{repository.KeyFilter{}, []string{h.anas, h.anasOther, h.bobs, h.service, h.deleted}},
		{repository.KeyFilter{KeyID: h.bobs}, []string{h.bobs}},
		{repository.KeyFilter{KeyID: h.deleted}, []string{h.deleted}},
		{repository.KeyFilter{KeyID: newID()}, nil},
		{repository.KeyFilter{Name: "laptop"}, []string{h.anasOther, h.service}},
		{repository.KeyFilter{Name: "Laptop"}, nil},
		{repository.KeyFilter{Username: "ana"}, []string{h.anas, h.anasOther}},
		{repository.KeyFilter{Username: h.ana.Username}, nil},
		{repository.KeyFilter{Email: "bob@example.org"}, []string{h.bobs}},
		{repository.KeyFilter{Email: h.bob.Email}, nil},
		{repository.KeyFilter{Username: "ana", Name: "laptop"}, []string{h.anasOther}},
		{repository.KeyFilter{Username: "ana", Email: "bob@example.org"}, nil},
		{repository.KeyFilter{Username: "ana", KeyID: h.bobs}, nil},
		{repository.KeyFilter{Username: "ana", KeyID: h.anas}, []string{h.anas}},
		{repository.KeyFilter{Status: models.StatusRevoked, Username: "bob"}, []string{h.bobs}},
		{repository.KeyFilter{Status: models.StatusRevoked, Username: "ana"}, nil},
		{repository.KeyFilter{Status: models.StatusDeleted, KeyID: h.deleted}, []string{h.deleted}},
		{repository.KeyFilter{Status: models.StatusDeleted, KeyID: h.anas}, nil},
	} {
		finds(s, t.filter, t.want)
	}
}

// finds reports a filter that leaves other keys than the wanted ones.
func finds(s *suite, filter repository.KeyFilter, want []string) {
	s.Helper()
	got := []string{}
	for _, row := range s.list(filter) {
		got = append(got, row.KeyID)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.Errorf("%+v finds %q, want %q", filter, got, want)
	}
}

// The store's judgement must be the model's, down to the millisecond at which
// a key expires, or a list would show as active what the guard refuses.
func statusFilter(s *suite) {
	disabled := newHousehold(s).bob
	for _, expiration := range []time.Time{{}, hour(6), hour(6).Add(time.Millisecond)} {
		live, revoked := newKey(), newKey()
		live.ExpirationDate, revoked.ExpirationDate = expiration, expiration
		s.createKey(live)
		s.createKey(revoked)
		s.revokeKey(revoked.ID)
		ofDisabled := newKeyFor(disabled)
		ofDisabled.ExpirationDate = expiration
		s.createKey(ofDisabled)
	}
	disabled.DisabledDate = hour(5)
	updateUser(s, disabled, false)
	instants := []time.Time{
		hour(0), hour(6).Add(-time.Nanosecond), hour(6), hour(6).Add(time.Nanosecond),
		hour(6).Add(time.Millisecond), hour(6).In(time.FixedZone("Kathmandu", 20_700)), hour(23),
	}
	for _, now := range instants {
		agreesOnStatus(s, now)
	}
}

func agreesOnStatus(s *suite, now time.Time) {
	s.Helper()
	want := map[models.Status][]string{}
	for _, row := range s.list(repository.KeyFilter{}) {
		status := row.Status(now)
		want[status] = append(want[status], row.KeyID)
	}
	for _, status := range []models.Status{models.StatusActive, models.StatusExpired, models.StatusDisabled, models.StatusRevoked, models.StatusDeleted} {
		finds(s, repository.KeyFilter{Status: status, Now: now}, want[status])
	}
}

// A filter that is not understood must not mean "all".
func unknownStatus(s *suite) {
	newHousehold(s)
	finds(s, repository.KeyFilter{Status: "Active", Now: hour(1)}, nil)
}
