package ginauth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

func (r *faultyRepository) KeyByHash(ctx context.Context, hash []byte) (models.APIKey, error) {
	r.queries.Add(1)
	if err := r.failure(); err != nil {
		return models.APIKey{}, err
	}
	if r.answer != nil {
		answer := *r.answer
		if answer.Name == everyKey {
			answer.Hash = hash
		}
		return answer, nil
	}
	return r.Repository.KeyByHash(ctx, hash)
}

// answerWith makes every key that is asked for the given one.
func (r *faultyRepository) answerWith(key *models.APIKey) { r.answer = key }

// everyKey is the name of a key that answers for every hash.
const everyKey = "every key"

// answerAll makes every key that is asked for one that is there.
func (r *faultyRepository) answerAll() { r.answerWith(&models.APIKey{ID: "id", Name: everyKey}) }

// meddle has something happen before calls.
func (r *faultyRepository) meddle(before func(call string) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.before = before
}

// failCall has one call fail, and no other.
func (r *faultyRepository) failCall(name string, err error) {
	r.meddle(func(call string) error {
		if call == name {
			return err
		}
		return nil
	})
}

func (r *faultyRepository) meddling(call string) error {
	r.mu.Lock()
	before := r.before
	r.mu.Unlock()
	if before == nil {
		return nil
	}
	return before(call)
}

func (r *faultyRepository) UserByID(ctx context.Context, id string) (models.User, error) {
	if err := r.meddling("UserByID"); err != nil {
		return models.User{}, err
	}
	return r.Repository.UserByID(ctx, id)
}

func (r *faultyRepository) UserByUsername(ctx context.Context, canonical string) (models.User, error) {
	if err := r.meddling("UserByUsername"); err != nil {
		return models.User{}, err
	}
	return r.Repository.UserByUsername(ctx, canonical)
}

func (r *faultyRepository) UserByEmail(ctx context.Context, canonical string) (models.User, error) {
	if err := r.meddling("UserByEmail"); err != nil {
		return models.User{}, err
	}
	return r.Repository.UserByEmail(ctx, canonical)
}

func (r *faultyRepository) UpdateUser(ctx context.Context, by repository.Attribution, user models.User, update repository.UserUpdate) (models.User, error) {
	if err := r.meddling("UpdateUser"); err != nil {
		return models.User{}, err
	}
	return r.Repository.UpdateUser(ctx, by, user, update)
}

func (r *faultyRepository) AddToken(ctx context.Context, token models.Token) error {
	if err := r.meddling("AddToken"); err != nil {
		return err
	}
	return r.Repository.AddToken(ctx, token)
}

func (r *faultyRepository) CreateUser(ctx context.Context, by repository.Attribution, user models.User, key models.APIKey) error {
	if err := r.meddling("CreateUser"); err != nil {
		return err
	}
	return r.Repository.CreateUser(ctx, by, user, key)
}

func (r *faultyRepository) CreateKey(ctx context.Context, by repository.Attribution, key models.APIKey, options repository.CreateKeyOptions) error {
	if err := r.meddling("CreateKey"); err != nil {
		return err
	}
	return r.Repository.CreateKey(ctx, by, key, options)
}

func (r *faultyRepository) RevokeKey(ctx context.Context, by repository.Attribution, id string) (models.APIKey, error) {
	if err := r.failure(); err != nil {
		return models.APIKey{}, err
	}
	return r.Repository.RevokeKey(ctx, by, id)
}

func (r *faultyRepository) RevokeKeys(ctx context.Context, by repository.Attribution, filter repository.KeyFilter, ids []string) ([]string, error) {
	if err := r.meddling("RevokeKeys"); err != nil {
		return nil, err
	}
	return r.Repository.RevokeKeys(ctx, by, filter, ids)
}

func (r *faultyRepository) ListUsers(ctx context.Context, filter repository.UserFilter, page repository.Page) (repository.UserPage, error) {
	if err := r.meddling("ListUsers"); err != nil {
		return repository.UserPage{}, err
	}
	return r.Repository.ListUsers(ctx, filter, page)
}

func (r *faultyRepository) AddUsage(ctx context.Context, flush repository.Flush) error {
	if err := r.failure(); err != nil {
		return err
	}
	if err := r.meddling("AddUsage"); err != nil {
		return err
	}
	return r.Repository.AddUsage(ctx, flush)
}

func (r *faultyRepository) Changes(ctx context.Context, after repository.Cursor, limit int) ([]models.Change, error) {
	if err := r.failure(); err != nil {
		return nil, err
	}
	defer r.followed.Add(1)
	if err := r.meddling("Changes"); err != nil {
		return nil, err
	}
	return r.Repository.Changes(ctx, after, limit)
}

func (r *faultyRepository) ListKeys(ctx context.Context, filter repository.KeyFilter, page repository.Page) (repository.KeyPage, error) {
	if err := r.failure(); err != nil {
		return repository.KeyPage{}, err
	}
	if err := r.meddling("ListKeys"); err != nil {
		return repository.KeyPage{}, err
	}
	return r.Repository.ListKeys(ctx, filter, page)
}

func (r *faultyRepository) UsageSeries(ctx context.Context, filter repository.SeriesFilter, page repository.SeriesPage) (repository.Series, error) {
	if err := r.failure(); err != nil {
		return repository.Series{}, err
	}
	if err := r.meddling("UsageSeries"); err != nil {
		return repository.Series{}, err
	}
	return r.Repository.UsageSeries(ctx, filter, page)
}

// A repository that breaks its contract opens no door.
func TestAnotherKeyThanAskedForIsNotAccepted(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.repo.answerWith(&models.APIKey{})
	expectProblem(t, a.guarded(security.NewKey("ga")), http.StatusServiceUnavailable, "store_unavailable", "")
}

// A client that goes away is no outage.
func TestClientThatLeavesIsNoOutage(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	ctx, leave := context.WithCancel(t.Context())
	leave()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/secure", nil)
	r.Header.Set("api-key", key)
	a.engine.ServeHTTP(httptest.NewRecorder(), r)
	if strings.Contains(a.log.String(), "level=ERROR") {
		t.Errorf("it is logged as one: %s", a.log)
	}
}

// Use shows in the logs within two seconds. A machine that is busy with other
// things may be late a few times, but not always.
func TestUseShowsWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	for used := 1; used <= 5; used++ {
		begin := time.Now()
		a.guarded(key)
		waitFor(t, "the use", func() bool { return a.total() == used })
		if time.Since(begin) < 2*time.Second {
			return
		}
	}
	t.Error("five uses took longer than two seconds each to show")
}

var errDown = errors.New("dial tcp 10.1.2.3: connection refused")

// An outage is never taken for a bad key, nor for a good one, and what the
// client reads says nothing of the inside.
func TestOutageIs503(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, id := a.issueKey()
	a.repo.failWith(errDown)
	answers := map[string]func() int{
		"guard": func() int {
			answer := a.guarded(key)
			if strings.Contains(answer.Body.String(), "10.1.2.3") {
				t.Error("the answer shows the inside")
			}
			expectProblem(t, answer, http.StatusServiceUnavailable, "store_unavailable", "")
			if answer.Header().Get("Retry-After") != "1" {
				t.Errorf("Retry-After is %q", answer.Header().Get("Retry-After"))
			}
			return answer.Code
		},
		"revoke by id":  func() int { return a.call("/auth/revoke", `{"id":"`+id+`"}`).Code },
		"revoke by key": func() int { return a.call("/auth/revoke", `{"api_key":"`+key+`"}`).Code },
		"logs":          func() int { return a.get("/auth/logs").Code },
	}
	for name, ask := range answers {
		if code := ask(); code != http.StatusServiceUnavailable {
			t.Errorf("%s answers %d while the store is down", name, code)
		}
	}
	if !strings.Contains(a.log.String(), "10.1.2.3") {
		t.Error("the operator cannot read why")
	}
	a.repo.failWith(nil)
	if code := a.guarded(key).Code; code != http.StatusOK {
		t.Errorf("after the outage the key is answered %d", code)
	}
}

func TestUnknownOutcomeMayBeRepeated(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	_, id := a.issueKey()
	a.repo.failWith(repository.ErrOutcomeUnknown)
	expectProblem(t, a.call("/auth/revoke", `{"id":"`+id+`"}`), http.StatusServiceUnavailable, "outcome_unknown", "")
	a.repo.failWith(nil)
	if code := a.call("/auth/revoke", `{"id":"`+id+`"}`).Code; code != http.StatusOK {
		t.Errorf("the repeated call answers %d", code)
	}
}

// Usage that could not be written is written later, once.
func TestUsageOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	for range 3 {
		a.guarded(key)
	}
	a.repo.failWith(nil)
	a.failWrites(t)
	a.repo.failWith(nil)
	a.guarded(key)
	a.waitForTotal(4)
}

// failWrites lets at least one flush fail.
func (a *app) failWrites(t *testing.T) {
	t.Helper()
	a.repo.failWith(errDown)
	waitFor(t, "a failed flush", func() bool { return strings.Contains(a.log.String(), "usage cannot be written") })
}

// waitForTotal waits until the logs show n queries for the only key.
func (a *app) waitForTotal(n int) {
	a.t.Helper()
	waitFor(a.t, "the total", func() bool { return a.total() >= n })
	if total := a.total(); total != n {
		a.t.Errorf("%d queries are shown, %d were made", total, n)
	}
}

func (a *app) total() int {
	total := 0.0
	for _, row := range a.rows("/auth/logs") {
		total += row["total_queries"].(float64)
	}
	return int(total)
}

// rows reads a page of logs.
func (a *app) rows(path string) []object {
	a.t.Helper()
	answer := a.get(path)
	if answer.Code != http.StatusOK {
		a.t.Fatalf("GET %s answers %d: %s", path, answer.Code, answer.Body)
	}
	list, _ := decode(a.t, answer.Body)["logs"].([]any)
	rows := make([]object, len(list))
	for i, row := range list {
		rows[i] = row.(map[string]any)
	}
	return rows
}

// waitFor waits for a condition that comes true in the background.
func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatalf("timed out waiting for %s", what)
}
