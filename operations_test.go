package ginauth_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// The questions of docs/operations.md are answered, over HTTP and from Go.
func TestQuestionsAboutKeys(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	user := a.register("ada")
	text, err := os.ReadFile("docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| [^|]+ \\| `(GET|POST) (/auth/[^ `]+) ?(\\{[^`]*\\})?` \\| `([^`]+)` \\|$").FindAllStringSubmatch(string(text), -1)
	if len(rows) < 14 {
		t.Fatalf("there are %d questions", len(rows))
	}
	placeholders := strings.NewReplacer("USER", user.id, "KEY", user.key)
	for _, row := range rows {
		method, path, body := row[1], placeholders.Replace(row[2]), placeholders.Replace(row[3])
		answer := a.do(request{method: method, path: path, body: body, header: header("secret-key", secret, "Content-Type", "application/json")})
		if answer.Code != http.StatusOK {
			t.Errorf("%s %s is answered %d: %s", method, path, answer.Code, answer.Body)
		}
		if !strings.Contains(string(ownSource(t)), row[4]) {
			t.Errorf("no test makes the call %s", row[4])
		}
	}
}

func ownSource(t *testing.T) []byte {
	t.Helper()
	source, err := os.ReadFile("operations_test.go")
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func TestQuestionsAboutKeysFromGo(t *testing.T) {
	t.Parallel()
	a := newAccounts(t)
	registered := a.register("ada")
	auth, ctx, day, user, key := a.auth, t.Context(), time.Date(2030, 6, 1, 0, 0, 0, 0, time.UTC), registered.id, registered.key
	all := func(filter repository.KeyFilter) (any, error) {
		for _, err := range auth.Keys().All(ctx, filter) {
			if err != nil {
				return nil, err
			}
		}
		return nil, nil //nolint:nilnil // the keys do not matter
	}
	either := func(_ any, err error) error { return err }
	for i, err := range []error{
		either(all(repository.KeyFilter{Status: models.StatusActive, ExpiresBefore: day})),
		either(all(repository.KeyFilter{Status: models.StatusActive, UnusedSince: day})),
		either(all(repository.KeyFilter{Hint: "ga_3kF9"})),
		either(auth.Keys().Get(ctx, keys.ByKey(key))),
		either(all(repository.KeyFilter{UserID: user})),
		either(all(repository.KeyFilter{NamePrefix: "sensor"})),
		either(all(repository.KeyFilter{IssuedBy: "application:signup", CreatedSince: day})),
		either(all(repository.KeyFilter{Statuses: []models.Status{models.StatusExpired, models.StatusRevoked, models.StatusDisabled}})),
		either(auth.Keys().List(ctx, repository.KeyFilter{}, repository.Page{Sort: repository.SortTotalQueries})),
		either(auth.Keys().Totals(ctx)),
		either(auth.Users().List(ctx, repository.UserFilter{UsernamePrefix: "ad"}, repository.Page{})),
		either(auth.Keys().RevokeMany(ctx, keys.RevokeManyParams{Filter: repository.KeyFilter{Username: "ada"}, DryRun: true})),
		either(auth.Keys().RevokeMany(ctx, keys.RevokeManyParams{Filter: repository.KeyFilter{Username: "ada"}, Expect: 1})),
		either(all(repository.KeyFilter{})),
	} {
		if err != nil {
			t.Errorf("question %d: %v", i+1, err)
		}
	}
}
