package auto_test

import (
	"database/sql"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/internal/test/testservers"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/postgres"
	"github.com/ginauth/ginauth/security"
)

// A pooler leads the connections of a process to a standby that lags behind. A
// key that was revoked at the primary is refused at once if it was not in
// memory, and after the limit of staleness if it was; a key that the standby
// does not know yet is an outage and not a bad key; and all is well once the
// pooler is back.
func TestPoolerLeadsToALaggingStandby(t *testing.T) {
	primary := testdatabase.OwnServer(t, "postgres")
	standby := testdatabase.Started(t)(testservers.StartStandby(t.Context(), primary))
	pooler, err := testservers.StartPooler(t.Context(), primary.URI, "user=postgres", "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pooler.Stop() }()
	clean(t)
	setenv(t, "DATABASE_MODE=postgres", "URI="+pooler.URI, "GINAUTH_SECRET="+secret, "GINAUTH_STALE_LIMIT=2s", "GINAUTH_MAX_CONNECTIONS=6")
	auth, _, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	direct, err := postgres.Open(t.Context(), primary.URI)
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close()
	cached, uncached := issue(t, direct), issue(t, direct)
	guarded := newGuarded(auth)
	if code := guarded.status(cached.key); code != http.StatusOK {
		t.Fatalf("a good key is answered %d", code)
	}
	pauseReplay(t, primary, standby)
	unknown := issue(t, direct)
	if err := pooler.PointTo(t.Context(), standby.URI); err != nil {
		t.Fatal(err)
	}
	revoke(t, direct, cached, uncached)
	for what, key := range map[string]string{"a revoked key that was not in memory": uncached.key, "a key that the standby does not know": unknown.key} {
		if code := guarded.status(key); code != http.StatusServiceUnavailable {
			t.Errorf("%s is answered %d", what, code)
		}
	}
	guarded.becomes(t, "the revoked key in memory", cached.key, http.StatusServiceUnavailable)
	for range 100 {
		if code := guarded.status(cached.key); code != http.StatusServiceUnavailable {
			t.Fatalf("the revoked key in memory is answered %d again", code)
		}
	}
	if err := pooler.PointTo(t.Context(), primary.URI); err != nil {
		t.Fatal(err)
	}
	guarded.becomes(t, "the revoked key in memory", cached.key, http.StatusUnauthorized)
	guarded.becomes(t, "the revoked key", uncached.key, http.StatusUnauthorized)
	guarded.becomes(t, "the new key", unknown.key, http.StatusOK)
}

// issuedKey is a key with its id.
type issuedKey struct{ id, key string }

func byHand() repository.Attribution { return repository.Attribution{Actor: "test", At: time.Now()} }

func issue(t *testing.T, repo repository.Repository) issuedKey {
	t.Helper()
	issued := issuedKey{uuid.Must(uuid.NewV7()).String(), security.NewKey("ga")}
	hash := security.HashKey(issued.key)
	if err := repo.CreateKey(t.Context(), byHand(), models.APIKey{ID: issued.id, Hash: hash[:], Name: "s", CreationDate: time.Now()}, repository.CreateKeyOptions{}); err != nil {
		t.Fatal(err)
	}
	return issued
}

func revoke(t *testing.T, repo repository.Repository, keys ...issuedKey) {
	t.Helper()
	for _, key := range keys {
		if _, err := repo.RevokeKey(t.Context(), byHand(), key.id); err != nil {
			t.Fatal(err)
		}
	}
}

// guarded is an application with one guarded route.
type guarded struct{ *gin.Engine }

func newGuarded(auth *ginauth.Auth) guarded {
	engine := gin.New()
	engine.GET("/", auth.Guard(), func(c *gin.Context) { c.Status(http.StatusOK) })
	return guarded{engine}
}

func (g guarded) status(key string) int {
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.Header.Set("api-key", key)
	answer := httptest.NewRecorder()
	g.ServeHTTP(answer, request)
	return answer.Code
}

func (g guarded) becomes(t *testing.T, what, key string, status int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); g.status(key) != status; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s is answered %d, want %d", what, g.status(key), status)
		}
	}
}

// pauseReplay keeps the standby as it is, once it has all that there is.
func pauseReplay(t *testing.T, primary, standby *testservers.Server) {
	t.Helper()
	ask := func(server *testservers.Server, query string) (answer string) {
		db, err := sql.Open("pgx", server.URI)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		if err := db.QueryRowContext(t.Context(), query).Scan(&answer); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return answer
	}
	position := ask(primary, "SELECT pg_current_wal_lsn()::text")
	for ask(standby, "SELECT (pg_last_wal_replay_lsn() >= '"+position+"'::pg_lsn)::text") != "true" {
		time.Sleep(5 * time.Millisecond)
	}
	ask(standby, "SELECT pg_wal_replay_pause()::text")
	for ask(standby, "SELECT pg_get_wal_replay_pause_state()") != "paused" {
		time.Sleep(5 * time.Millisecond)
	}
}
