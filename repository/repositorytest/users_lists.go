package repositorytest

import (
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

func userListTests() []test {
	return []test{
		{"users are listed and filtered", usersFiltered},
		{"keys are filtered by user and by status", keysOfUsersFiltered},
	}
}

// users reads one page that has to be the whole list.
func listUsers(s *suite, filter repository.UserFilter) []models.User {
	s.Helper()
	page, err := s.repo.ListUsers(s.Context(), filter, wholeList())
	s.succeeds("ListUsers", err)
	if page.Rows == nil || page.Next != "" {
		s.Errorf("the users are %v and go on at %q", page.Rows, page.Next)
	}
	return page.Rows
}

func usersFiltered(s *suite) {
	same(s, "the users of an empty database", listUsers(s, repository.UserFilter{}), []models.User{})
	ana, _ := s.createUser("ana")
	bob, _ := s.createUser("bob")
	eve, _ := s.createUser("eve")
	s.createKey(newKey())
	bob.DisabledDate, bob.ConfirmationDate = hour(1), hour(2)
	bob = updateUser(s, bob, false)
	eve.ConfirmationDate = hour(2)
	eve = updateUser(s, eve, false)
	yes, no := true, false
	for name, c := range map[string]struct {
		filter repository.UserFilter
		want   []models.User
	}{
		"all":                      {repository.UserFilter{}, []models.User{ana, bob, eve}},
		"an id":                    {repository.UserFilter{ID: eve.ID}, []models.User{eve}},
		"an id and a name":         {repository.UserFilter{ID: eve.ID, Username: "ana"}, []models.User{}},
		"a name":                   {repository.UserFilter{Username: "ana"}, []models.User{ana}},
		"a name as typed":          {repository.UserFilter{Username: ana.Username}, []models.User{}},
		"an address":               {repository.UserFilter{Email: "bob@example.org"}, []models.User{bob}},
		"a name and an address":    {repository.UserFilter{Username: "ana", Email: "bob@example.org"}, []models.User{}},
		"disabled":                 {repository.UserFilter{Disabled: &yes}, []models.User{bob}},
		"enabled":                  {repository.UserFilter{Disabled: &no}, []models.User{ana, eve}},
		"confirmed":                {repository.UserFilter{Confirmed: &yes}, []models.User{bob, eve}},
		"unconfirmed":              {repository.UserFilter{Confirmed: &no}, []models.User{ana}},
		"confirmed and enabled":    {repository.UserFilter{Confirmed: &yes, Disabled: &no}, []models.User{eve}},
		"unconfirmed and disabled": {repository.UserFilter{Confirmed: &no, Disabled: &yes}, []models.User{}},
	} {
		same(s, "the users for "+name, listUsers(s, c.filter), c.want)
	}
	page := wholeList()
	page.Cursor = page.NextUser(bob)
	for id, want := range map[string][]models.User{ana.ID: {}, eve.ID: {eve}} {
		rest, err := s.repo.ListUsers(s.Context(), repository.UserFilter{ID: id}, page)
		s.succeeds("ListUsers", err)
		same(s, "the user after another", rest.Rows, want)
	}
}

// keysOfUsersFiltered asks for each status, of which each key has one.
func keysOfUsersFiltered(s *suite) {
	ana, active := s.createUser("ana")
	revoked := s.createKey(newKeyFor(ana))
	s.revokeKey(revoked.ID)
	expired := newKeyFor(ana)
	expired.ExpirationDate = hour(1)
	s.createKey(expired)
	bob, disabled := s.createUser("bob")
	disabledAndExpired, disabledAndRevoked := newKeyFor(bob), s.createKey(newKeyFor(bob))
	disabledAndExpired.ExpirationDate = hour(1)
	s.createKey(disabledAndExpired)
	s.revokeKey(disabledAndRevoked.ID)
	bob.DisabledDate = hour(2)
	updateUser(s, bob, false)
	service := s.createKey(newKey())
	for status, want := range map[models.Status][]string{
		models.StatusActive:   {active.ID, service.ID},
		models.StatusExpired:  {expired.ID},
		models.StatusRevoked:  {revoked.ID, disabledAndRevoked.ID},
		models.StatusDisabled: {disabled.ID, disabledAndExpired.ID},
		models.StatusDeleted:  {},
		"other":               {},
	} {
		rows := s.list(repository.KeyFilter{Status: status, Now: hour(3)})
		same(s, "the number of keys that are "+string(status), len(rows), len(want))
		for _, row := range rows {
			same(s, "the status", row.Status(hour(3)), status)
		}
	}
	for _, row := range s.list(repository.KeyFilter{UserID: bob.ID}) {
		same(s, "the owner", row.Username, bob.Username)
	}
	same(s, "the number of the user's keys", len(s.list(repository.KeyFilter{UserID: bob.ID})), 3)
	same(s, "the number of the user's disabled keys",
		len(s.list(repository.KeyFilter{UserID: bob.ID, Status: models.StatusDisabled, Now: hour(3)})), 2)
	same(s, "the number of nobody's keys", len(s.list(repository.KeyFilter{UserID: newID()})), 0)
}
