package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// newUser asks for a key for a user who has to be new, since each attempt has
// an address of its own.
func newUser(username string, attempt int) string {
	return fmt.Sprintf(`{"username":%q,"email":"user%d@example.com","password":"%s"}`, username, attempt, rightPassword)
}

// Of many who want one name at the same moment, in whatever case, one gets it,
// whichever process they ask.
func TestOneOfManyGetsAName(t *testing.T) {
	onEachBackend(t, func(t *testing.T, environment []string) {
		processes := []*process{start(t, staticPath, t.TempDir(), environment...), start(t, staticPath, t.TempDir(), environment...)}
		const attempts = 100
		answers := make([]answer, attempts)
		var group sync.WaitGroup
		for i := range attempts {
			group.Go(func() { answers[i] = insist(processes[i%2], newUser([]string{"ada", "Ada", "ADA", "aDa"}[i/2%4], i)) })
		}
		group.Wait()
		issued := 0
		for _, a := range answers {
			if a.status == http.StatusCreated {
				issued++
				continue
			}
			expectCode(t, a, http.StatusConflict, "username_taken")
		}
		if rows := processes[0].rows("username=ada"); issued != 1 || len(rows) != 1 {
			t.Errorf("%d get the name, and the logs show %v", issued, rows)
		}
		for _, p := range processes {
			expectOnlyDelays(p)
		}
	})
}

// insist asks for a key, and again while so many ask at once that it is
// answered 503 and nothing was done.
func insist(p *process, body string) answer {
	for {
		a, err := trySend(p, http.MethodPost, "/auth/new", body, "secret-key: "+secret)
		if err != nil {
			p.t.Error(err)
		}
		if code := a.member("code"); code != "busy" && code != "store_unavailable" || p.t.Context().Err() != nil {
			return a
		}
		time.Sleep(time.Second)
	}
}

// expectOnlyDelays checks that whoever was told to come again had waited too
// long: a name that is taken is no failure of the store.
func expectOnlyDelays(p *process) {
	p.t.Helper()
	for line := range strings.Lines(p.output.String()) {
		isDelay := strings.Contains(line, "deadline exceeded") || strings.Contains(line, `error="busy: `)
		if strings.Contains(line, "the store failed") && !isDelay {
			p.t.Error(line)
		}
	}
}

// Which names are the same is judged alike on every database: by ginauth, not
// by the database.
func TestNamesAreJudgedAlike(t *testing.T) {
	onEachBackend(t, func(t *testing.T, environment []string) {
		p := start(t, staticPath, t.TempDir(), environment...)
		for attempt, test := range []struct {
			username string
			code     string // empty where a new user comes about
		}{
			{"jose", ""},
			{"JOSE", "username_taken"},
			{"ｊｏｓｅ", "username_taken"}, // wide letters
			{"josé", ""},
			{"jose\u0301", "username_taken"}, // the accent apart
			{"JOSÉ", "username_taken"},
			{"jоse", "fields_invalid"}, // a Cyrillic o
			{"jose ", "fields_invalid"},
			{" jose", "fields_invalid"},
			{"jose\u00a0", "fields_invalid"},
			{"jose\u200b", "fields_invalid"},
			{"istanbul", ""},
			{"ıstanbul", ""},
			{"İstanbul", ""},
			{"ISTANBUL", "username_taken"},
			{"straße", ""},
			{"strasse", ""},
			{"STRASSE", "username_taken"},
		} {
			a := p.admin(secret, "new", newUser(test.username, attempt))
			if a.member("code") != test.code || (a.status == http.StatusCreated) != (test.code == "") {
				t.Errorf("%q is answered %d: %s", test.username, a.status, a.body)
			}
		}
		for filter, want := range map[string]string{"Jose": "jose", "José": "josé", "ISTANBUL": "istanbul", "STRASSE": "strasse"} {
			if rows := p.rows("username=" + url.QueryEscape(filter)); len(rows) != 1 || rows[0].Username != want {
				t.Errorf("the keys of %s are %+v", filter, rows)
			}
		}
	})
}

// Labels are told apart to the letter and the byte, also in searching.
func TestLabelsAreComparedByteByByte(t *testing.T) {
	onEachBackend(t, func(t *testing.T, environment []string) {
		p := startExample(t, environment...)
		for _, name := range []string{"backup", "Backup", "bäckup", "ba\u0308ckup"} {
			_, id := p.issue(name)
			if rows := p.rows("name=" + url.QueryEscape(name)); len(rows) != 1 || rows[0].ID != id {
				t.Errorf("the keys called %q are %+v", name, rows)
			}
		}
		expectCode(t, p.admin(secret, "new", `{"name":"backup "}`), http.StatusUnprocessableEntity, "fields_invalid")
		if rows := p.rows("name=backup%20"); len(rows) > 0 {
			t.Errorf("with a space at its end, a label is found: %+v", rows)
		}
	})
}
