package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// secret is the admin secret of most tests.
const secret = "TEST_SECRET"

// client keeps a connection for each goroutine of a test. It is more patient
// than the program may be.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}, Timeout: 2 * patience}

// answer is what a program said to a request.
type answer struct {
	status int
	header http.Header
	body   string
}

// member returns a member of the answer's JSON object, as text.
func (a answer) member(name string) string {
	var object map[string]any
	if json.Unmarshal([]byte(a.body), &object) != nil || object[name] == nil {
		return ""
	}
	return fmt.Sprint(object[name])
}

// send makes a request; headers are given as "name: value".
func (p *process) send(method, path, body string, headers ...string) answer {
	p.t.Helper()
	a, err := trySend(p, method, path, body, headers...)
	if err != nil {
		p.t.Fatalf("%s %s: %v\n%s", method, path, err, p.output)
	}
	return a
}

// trySend is send for goroutines other than the test's own.
func trySend(p *process, method, path, body string, headers ...string) (answer, error) {
	request, err := http.NewRequest(method, p.url(path), strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Add(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(text)}, err
}

// get makes a request without a body.
func (p *process) get(path string, headers ...string) answer {
	p.t.Helper()
	return p.send(http.MethodGet, path, "", headers...)
}

// admin makes a call below /auth with the given secret.
func (p *process) admin(secret, call, body string) answer {
	p.t.Helper()
	return p.send(http.MethodPost, "/auth/"+call, body, "secret-key: "+secret)
}

// issue makes a key for a service and returns it and its id.
func (p *process) issue(name string) (key, id string) {
	p.t.Helper()
	a := p.admin(secret, "new", `{"name":"`+name+`"}`)
	expectStatus(p.t, a, http.StatusCreated)
	return a.member("api_key"), a.member("id")
}

// row is what /auth/logs says of one key.
type row struct {
	ID              string    `json:"id"`
	Name            string    `json:"name"`
	Username        string    `json:"username"`
	Email           string    `json:"email"`
	Status          string    `json:"status"`
	CreationDate    string    `json:"creation_date"`
	ExpirationDate  string    `json:"expiration_date"`
	RevocationDate  string    `json:"revocation_date"`
	TotalQueries    int       `json:"total_queries"`
	LatestQueryDate time.Time `json:"latest_query_date"`
}

// rows returns a page of /auth/logs.
func (p *process) rows(query string) []row {
	p.t.Helper()
	a := p.get("/auth/logs?"+query, "secret-key: "+secret)
	expectStatus(p.t, a, http.StatusOK)
	var page struct{ Logs []row }
	if err := json.Unmarshal([]byte(a.body), &page); err != nil {
		p.t.Fatalf("the logs are %s: %v", a.body, err)
	}
	return page.Logs
}

// row returns what /auth/logs says of the key with this id.
func (p *process) row(id string) row {
	p.t.Helper()
	rows := p.rows("id=" + id)
	if len(rows) != 1 || rows[0].ID != id {
		p.t.Fatalf("the logs of one key are %v", rows)
	}
	return rows[0]
}

// usageFrom returns what /auth/logs says of a key's total.
func (p *process) usageFrom(id string) int {
	p.t.Helper()
	return p.row(id).TotalQueries
}

func expectStatus(t *testing.T, a answer, want int) {
	t.Helper()
	if a.status != want {
		t.Fatalf("the answer is %d, not %d: %s", a.status, want, a.body)
	}
}

// expectCode checks a refusal.
func expectCode(t *testing.T, a answer, status int, code string) {
	t.Helper()
	if a.status != status || a.member("code") != code {
		t.Fatalf("the answer is %d, not %d %s: %s", a.status, status, code, a.body)
	}
}
