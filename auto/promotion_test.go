package auto_test

import (
	"database/sql"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/internal/test/testdatabase"
	"github.com/ginauth/ginauth/internal/test/testservers"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/repository/postgres"
	"github.com/ginauth/ginauth/security"
)

const (
	// staleLimit is what processes are configured with.
	staleLimit = 2 * time.Second
	// inEffect is when a revocation is in effect in another process, whatever happens.
	inEffect = staleLimit + time.Second
	// enough is how many changes are made before the primary ends, and after.
	enough = 200
)

// A primary with a synchronous standby ends under load, and the standby is
// promoted. Nothing that was acknowledged is lost, a revoked key is let in by no
// process, and the processes recover by themselves.
func TestPromotionUnderLoad(t *testing.T) {
	t.Run("several hosts", func(t *testing.T) {
		p := newPair(t)
		p.promote(p.hosts(), func() {})
	})
	t.Run("PgBouncer", func(t *testing.T) {
		p := newPair(t)
		pooler, err := testservers.StartPooler(t.Context(), p.primary.URI, "user=postgres", "server_login_retry=1") // which is 15 s as it comes
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = pooler.Stop() })
		p.promote(pooler.URI, func() {
			if err := pooler.PointTo(t.Context(), p.standby.URI); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// pair is a primary and its synchronous standby.
type pair struct {
	*testing.T
	primary, standby *testservers.Server
}

func newPair(t *testing.T) pair {
	t.Helper()
	p := pair{T: t, primary: testdatabase.OwnServer(t, "postgres")}
	p.standby = testdatabase.Started(t)(testservers.StartStandby(t.Context(), p.primary))
	p.exec(p.primary, "ALTER SYSTEM SET synchronous_standby_names = '*'")
	p.exec(p.primary, "SELECT pg_reload_conf()")
	p.waitFor("the standby to be synchronous", func() bool {
		return p.ask(p.primary, "SELECT COALESCE(MAX(sync_state), '') FROM pg_stat_replication") == "sync"
	})
	return p
}

func (p pair) exec(server *testservers.Server, statement string) {
	p.Helper()
	db, err := sql.Open("pgx", server.URI)
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(p.Context(), statement); err != nil {
		p.Fatalf("%s: %v", statement, err)
	}
}

func (p pair) ask(server *testservers.Server, query string) (answer string) {
	p.Helper()
	db, err := sql.Open("pgx", server.URI)
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(p.Context(), query).Scan(&answer); err != nil {
		p.Fatalf("%s: %v", query, err)
	}
	return answer
}

func (p pair) waitFor(what string, holds func() bool) {
	p.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.Fatalf("%s takes too long", what)
		}
	}
}

// hosts is a URI that names both servers.
func (p pair) hosts() string {
	uri, err := url.Parse(p.primary.URI)
	if err != nil {
		p.Fatal(err)
	}
	standby, err := url.Parse(p.standby.URI)
	if err != nil {
		p.Fatal(err)
	}
	uri.Host += "," + standby.Host
	uri.RawQuery = "target_session_attrs=read-write&connect_timeout=2&sslmode=disable"
	return uri.String()
}

// promote ends the primary and promotes the standby while two processes at uri
// are busy; lead leads a pooler there.
func (p pair) promote(uri string, lead func()) {
	clean(p.T)
	setenv(p.T, "DATABASE_MODE=postgres", "URI="+uri, "GINAUTH_SECRET="+secret, "GINAUTH_STALE_LIMIT="+staleLimit.String(), "GINAUTH_MAX_CONNECTIONS=6")
	b := &busy{T: p.T, stop: make(chan struct{})}
	for range 2 {
		auth, _, err := start(p.T)
		if err != nil {
			p.Fatal(err)
		}
		b.auths, b.guards = append(b.auths, auth), append(b.guards, newGuarded(auth))
	}
	end := b.begin()
	defer end()
	b.goesOn(p)
	p.primary.Abort()
	ended := time.Now()
	if p.ask(p.standby, "SELECT pg_promote(true, 30)::text") != "true" {
		p.Fatal("the standby is not promoted")
	}
	lead()
	promoted := time.Since(ended)
	b.goesOn(p)
	p.Logf("promoted after %v, %d changes more after %v", promoted, enough, time.Since(ended))
	end()
	b.check(p)
}

// busy is two processes, of which both change and guard.
type busy struct {
	*testing.T
	auths  []*ginauth.Auth
	guards []guarded
	stop   chan struct{}
	done   atomic.Int64

	mu            sync.Mutex
	kept, revoked []acknowledged
}

// acknowledged is a key whose creation or revocation was acknowledged by a process.
type acknowledged struct {
	issuedKey
	process int
	at      time.Time
}

// begin has clients at work until the function is called that it returns.
func (b *busy) begin() (end func()) {
	var group sync.WaitGroup
	for i := range 8 {
		work := b.change
		if i >= 4 {
			work = b.ask
		}
		group.Go(func() {
			for round := 0; !b.isOver(); round++ {
				work(i%2, round)
			}
		})
	}
	return sync.OnceFunc(func() { close(b.stop); group.Wait() })
}

func (b *busy) isOver() bool {
	select {
	case <-b.stop:
		return true
	default:
		return false
	}
}

func (b *busy) goesOn(p pair) {
	p.Helper()
	before := b.done.Load()
	p.waitFor("making changes", func() bool { return b.done.Load() >= before+enough })
}

// change issues a key and revokes every second one. Of a key whose revocation ends
// with an error nothing is known.
func (b *busy) change(process, round int) {
	service := b.auths[process].Keys()
	issued, err := service.Issue(b.Context(), keys.IssueParams{Name: "billing", NeverExpires: true})
	if err != nil {
		time.Sleep(5 * time.Millisecond) // or errors take all of the processor
		return
	}
	b.done.Add(1)
	key := issuedKey{issued.ID, issued.Key}
	if round%2 == 0 {
		b.remember(&b.kept, key, process)
		return
	}
	if _, err := service.Revoke(b.Context(), keys.ByID(key.id)); err == nil {
		b.done.Add(1)
		b.remember(&b.revoked, key, process)
	}
}

func (b *busy) remember(list *[]acknowledged, key issuedKey, process int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*list = append(*list, acknowledged{key, process, time.Now()})
}

func (b *busy) pick(list *[]acknowledged) (key acknowledged, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(*list) == 0 {
		return key, false
	}
	return (*list)[rand.N(len(*list))], true
}

// ask makes requests with a good key, which may not be called bad, and with a
// revoked one, which may not be let in by the process that revoked it, and soon by
// no other.
func (b *busy) ask(process, _ int) {
	if key, ok := b.pick(&b.kept); ok {
		if code := b.guards[process].status(key.key); code != http.StatusOK && code != http.StatusServiceUnavailable && code != http.StatusTooManyRequests {
			b.Errorf("a good key is answered %d", code)
		}
	}
	if key, ok := b.pick(&b.revoked); ok && (key.process == process || time.Since(key.at) > inEffect) {
		if code := b.guards[process].status(key.key); code == http.StatusOK {
			b.Errorf("a key that was revoked %v ago is let in", time.Since(key.at))
		}
	}
	time.Sleep(time.Millisecond)
}

// check looks for all that was acknowledged at the new primary.
func (b *busy) check(p pair) {
	p.Helper()
	repo, err := postgres.Open(p.Context(), p.standby.URI)
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = repo.Close() }()
	find := func(list []acknowledged, isRevoked bool) {
		for _, key := range list {
			hash := security.HashKey(key.key)
			found, err := repo.KeyByHash(p.Context(), hash[:])
			if err != nil || found.ID != key.id || found.IsRevoked() != isRevoked {
				p.Errorf("a key is %+v (%v), want revoked %t", found, err, isRevoked)
			}
		}
	}
	find(b.kept, false)
	find(b.revoked, true)
	p.Logf("%d keys and %d revocations were acknowledged", len(b.kept), len(b.revoked))
}
