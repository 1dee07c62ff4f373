package ginauth_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
	"github.com/ginauth/ginauth/users"
)

// An application signs a user up, issues a key, and revokes it, without a call
// over HTTP; the guard follows at once, and the audit log says who did it.
func TestSignUpFromGo(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	ctx := ginauth.WithActor(t.Context(), "signup")
	first, err := a.auth.Users().Register(ctx, users.RegisterParams{Username: "ada", Email: "ada@example.com", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	second, err := a.auth.Keys().Issue(ctx, keys.IssueParams{Name: "notebook", UserID: first.UserID, NeverExpires: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []keys.Issued{first, second} {
		a.expectStatus(a.guarded(key.Key), http.StatusOK)
	}
	revoked, err := a.auth.Keys().Revoke(ctx, keys.ByKey(second.Key))
	if err != nil || !revoked.IsRevoked() || revoked.ID != second.ID {
		t.Errorf("revoking returns %+v, %v", revoked, err)
	}
	expectProblem(t, a.guarded(second.Key), http.StatusUnauthorized, "key_revoked", "")
	a.expectRecord("action=key.create object_id=" + first.ID + ` actor=application:signup client_address="" outcome=done`)
	a.expectRecord("action=key.revoke object_id=" + second.ID + ` actor=application:signup client_address="" outcome=done`)
	if strings.Contains(a.log.String(), second.Key) || strings.Contains(a.log.String(), password) {
		t.Error("the log holds a credential")
	}
}

// Keys are renewed, listed and deleted from Go, with the defaults of the calls.
func TestKeysFromGo(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	service := a.auth.Keys()
	issued, err := service.Issue(t.Context(), keys.IssueParams{Name: "nightly backup"})
	if err != nil || issued.ExpirationDate.Sub(issued.CreationDate) != ginauth.DefaultExpiration {
		t.Fatalf("issuing returns %+v, %v", issued, err)
	}
	date := a.clock.Now().Add(48 * time.Hour).UTC().Truncate(time.Millisecond)
	renewed, err := service.Renew(t.Context(), keys.ByID(strings.ToUpper(issued.ID)), keys.RenewParams{ExpirationDate: date})
	if err != nil || !renewed.ExpirationDate.Equal(date) || renewed.Reactivated {
		t.Errorf("renewing returns %+v, %v", renewed, err)
	}
	for range repository.MaxLimit { // with the first, more than a page
		key := models.APIKey{ID: uuid.NewString(), Hash: randomHash(), Name: "x", CreationDate: date}
		if err := a.repo.CreateKey(t.Context(), repository.Attribution{Actor: "test", At: date}, key, repository.CreateKeyOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for key, err := range service.All(t.Context(), repository.KeyFilter{}) {
		if err != nil || key.KeyID == "" {
			t.Fatalf("row %d is %+v, %v", n, key, err)
		}
		n++
	}
	if n != repository.MaxLimit+1 {
		t.Errorf("All returns %d keys", n)
	}
	if err := service.Delete(t.Context(), keys.ByID(issued.ID)); err != nil {
		t.Error(err)
	}
	if err := service.Delete(t.Context(), keys.ByID(issued.ID)); !problem.Is(err, "key_not_found") {
		t.Errorf("deleting again returns %v", err)
	}
	expectProblem(t, a.guarded(issued.Key), http.StatusUnauthorized, "key_invalid", "")
	if list, err := service.List(t.Context(), repository.KeyFilter{Status: models.StatusDeleted}, repository.Page{}); err != nil || len(list.Rows) != 1 {
		t.Errorf("listing returns %+v, %v", list, err)
	}
}

// A mistake is a problem with a code and a kind, and the call is not
// done.
func TestProblemsFromGo(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	user, err := a.auth.Users().Register(t.Context(), users.RegisterParams{Username: "ada", Email: "ada@example.com", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	ctx, service, people := t.Context(), a.auth.Keys(), a.auth.Users()
	for name, c := range map[string]struct {
		call func() error
		code string
		kind problem.Kind
	}{
		"no name":      {func() error { _, err := service.Issue(ctx, keys.IssueParams{}); return err }, "fields_invalid", problem.KindInvalid},
		"no such user": {func() error { _, err := service.Issue(ctx, keys.IssueParams{UserID: user.ID}); return err }, "user_not_found", problem.KindNotFound},
		"no id":        {func() error { _, err := service.Revoke(ctx, keys.ByID("ada")); return err }, "fields_invalid", problem.KindInvalid},
		"a past date": {func() error {
			_, err := service.Issue(ctx, keys.IssueParams{Name: "x", ExpirationDate: a.clock.Now()})
			return err
		}, "fields_invalid", problem.KindInvalid},
		"a large page": {func() error {
			_, err := service.List(ctx, repository.KeyFilter{}, repository.Page{Limit: 1001})
			return err
		}, "fields_invalid", problem.KindInvalid},
		"a bad cursor": {func() error {
			_, err := service.List(ctx, repository.KeyFilter{}, repository.Page{Cursor: "x"})
			return err
		}, "fields_invalid", problem.KindInvalid},
		"a taken name": {func() error {
			_, err := people.Register(ctx, users.RegisterParams{Username: "ADA", Email: "x@example.com", Password: password})
			return err
		}, "username_taken", problem.KindConflict},
		"a bad password": {func() error {
			_, err := people.Authenticate(ctx, users.Credentials{Username: "ada", Password: "x"})
			return err
		}, "credentials_wrong", problem.KindUnauthenticated},
		"no mailer": {func() error { return people.RequestReset(ctx, "ada@example.com") }, "mailer_missing", problem.KindConflict},
		"nobody":    {func() error { _, err := people.Disable(ctx, users.ByUsername("eve")); return err }, "user_not_found", problem.KindNotFound},
	} {
		var found *problem.Error
		if err := c.call(); !errors.As(err, &found) || found.Code != c.code || found.Kind != c.kind {
			t.Errorf("%s: it is %v", name, err)
		}
	}
	a.repo.failWith(errors.New("the store is down"))
	_, err = service.Revoke(ctx, keys.ByID(user.ID))
	if found := problem.From(err); found == nil || found.Kind != problem.KindUnavailable || found.Code != "store_unavailable" || strings.Contains(found.Detail, "down") {
		t.Errorf("an outage is %+v", found)
	}
}

// Users are changed from Go; one who was authenticated before another change is
// left alone.
func TestUsersFromGo(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	people := a.auth.Users()
	issued, err := people.Register(t.Context(), users.RegisterParams{Username: "ada", Email: "ada@example.com", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	ada, err := people.Authenticate(t.Context(), users.Credentials{Email: "ADA@example.com", Password: password})
	if err != nil || ada.ID != issued.UserID {
		t.Fatalf("authenticating returns %+v, %v", ada, err)
	}
	const other = "Difference-2_Engine"
	if _, err := people.ChangePassword(t.Context(), users.ByUsername("ada"), users.PasswordParams{Password: other, RevokeKeys: true}); err != nil {
		t.Fatal(err)
	}
	expectProblem(t, a.guarded(issued.Key), http.StatusUnauthorized, "key_revoked", "")
	if _, err := people.ChangePassword(t.Context(), users.Authenticated(ada), users.PasswordParams{Password: password}); !problem.Is(err, "changed_meanwhile") {
		t.Errorf("who was authenticated before gets %v", err)
	}
	if _, err := people.IssueKey(t.Context(), users.Authenticated(ada), keys.IssueParams{Name: "x"}); !problem.Is(err, "changed_meanwhile") {
		t.Errorf("for a key they get %v", err)
	}
	account, err := people.ChangeEmail(t.Context(), users.ByID(ada.ID), "lovelace@example.com")
	if err != nil || account.Email != "lovelace@example.com" {
		t.Errorf("changing the address returns %+v, %v", account, err)
	}
	if err := people.Delete(t.Context(), users.ByEmail("lovelace@example.com"), users.DeleteParams{}); err != nil {
		t.Error(err)
	}
	for user, err := range people.All(t.Context(), repository.UserFilter{}) {
		t.Errorf("there is %+v, %v", user, err)
	}
}

func randomHash() []byte {
	hash := security.HashKey(security.NewKey("ga"))
	return hash[:]
}
