package ginauth_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/security"
)

func TestAdminNeedsTheSecret(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	tests := map[string]struct {
		header http.Header
		query  string
		code   string
	}{
		"no secret":              {nil, "", "secret_missing"},
		"empty":                  {header("secret-key", ""), "", "secret_missing"},
		"repeated":               {header("secret-key", secret, "secret-key", secret), "", "secret_repeated"},
		"wrong":                  {header("secret-key", "wrong"), "", "secret_wrong"},
		"beginning only":         {header("secret-key", secret[:10]), "", "secret_wrong"},
		"in the query":           {nil, "?secret-key=" + secret, "secret_in_query"},
		"in the query besides":   {header("secret-key", secret), "?secret-key=" + secret, "secret_in_query"},
		"as bearer":              {header("Authorization", "Bearer "+secret), "", "secret_missing"},
		"as api key":             {header("api-key", secret), "", "secret_missing"},
		"in a misspelt header":   {header("secret_key", secret), "", "secret_missing"},
		"hidden in a comma list": {header("secret-key", secret+","+secret), "", "secret_wrong"},
	}
	for name, test := range tests {
		for _, path := range []string{"/auth/new", "/auth/renew", "/auth/revoke", "/auth/delete", "/auth/logs"} {
			t.Run(name+path, func(t *testing.T) {
				method := http.MethodPost
				if path == "/auth/logs" {
					method = http.MethodGet
				}
				r := request{method: method, path: path + test.query, header: test.header.Clone(), address: newAddress()}
				expectProblem(t, a.do(r), http.StatusUnauthorized, test.code, "")
			})
		}
	}
	if rows := a.rows("/auth/logs"); len(rows) != 0 {
		t.Errorf("a refused call made %v", rows)
	}
}

var addresses int

// newAddress returns an address that has not been seen, so that what is tested
// is not the throttle.
func newAddress() string {
	addresses++
	return fmt.Sprintf("10.0.%d.%d:1234", addresses/250, addresses%250)
}

func TestAdminAnswersAreNotStored(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	if got := a.get("/auth/logs").Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control is %q", got)
	}
}

func TestPreviousSecretIsAccepted(t *testing.T) {
	t.Parallel()
	a := newApp(t, func(c *ginauth.Config) { c.Secrets = []string{secret + "-2", secret} })
	for _, s := range []string{secret, secret + "-2"} {
		if code := a.do(request{path: "/auth/logs", header: header("secret-key", s)}).Code; code != http.StatusOK {
			t.Errorf("one of two secrets is answered %d", code)
		}
	}
}

func TestGuessingTheSecretIsThrottled(t *testing.T) {
	t.Parallel()
	a := newApp(t, func(c *ginauth.Config) { c.Secrets = []string{weakSecret} })
	guess := func(address, text string) int {
		r := request{path: "/auth/logs", header: header("secret-key", text), address: address}
		return a.do(r).Code
	}
	for range 10 {
		if code := guess("192.0.2.1:1", "wrong"); code != http.StatusUnauthorized {
			t.Fatalf("a wrong secret is answered %d", code)
		}
	}
	answer := a.do(request{path: "/auth/logs", header: header("secret-key", weakSecret), address: "192.0.2.1:2"})
	expectProblem(t, answer, http.StatusTooManyRequests, "too_many_attempts", "")
	if got := answer.Header().Get("Retry-After"); got != "10" {
		t.Errorf("Retry-After is %q", got)
	}
	if code := guess("192.0.2.2:1", weakSecret); code != http.StatusOK {
		t.Errorf("another address is answered %d", code)
	}
	a.clock.advance(10 * time.Second)
	if code := guess("192.0.2.1:3", weakSecret); code != http.StatusOK {
		t.Errorf("after Retry-After the right secret is answered %d", code)
	}
}

// A short secret is guessed at slowly from however many addresses, and who has
// it goes on from where they used it.
func TestGuessingAShortSecretFromEverywhere(t *testing.T) {
	t.Parallel()
	a := newApp(t, func(c *ginauth.Config) { c.Secrets, c.Logger = []string{weakSecret}, slog.New(slog.DiscardHandler) })
	guess := func(address, text string) int {
		return a.do(request{path: "/auth/logs", header: header("secret-key", text), address: address + ":1"}).Code
	}
	if code := guess("192.0.2.1", weakSecret); code != http.StatusOK {
		t.Fatalf("the right secret is answered %d", code)
	}
	guesses := 0
	for i := range 30_000 {
		if guess(fmt.Sprintf("10.0.%d.%d", i>>8, i&255), "wrong") == http.StatusUnauthorized {
			guesses++
		}
	}
	if guesses != 100 {
		t.Errorf("%d guesses are made", guesses)
	}
	if code := guess("192.0.2.1", weakSecret); code != http.StatusOK {
		t.Errorf("from where it was right it is answered %d", code)
	}
	if code := guess("192.0.2.2", weakSecret); code != http.StatusTooManyRequests {
		t.Errorf("from elsewhere it is answered %d", code)
	}
	a.clock.advance(10 * time.Second)
	if code := guess("192.0.2.2", weakSecret); code != http.StatusOK {
		t.Errorf("after a while it is answered %d from elsewhere", code)
	}
}

// A clock that is put back locks nobody out for longer than Retry-After says.
func TestClockIsPutBackWhileThrottled(t *testing.T) {
	t.Parallel()
	var step, wait atomic.Int64 // others read the clock in the background
	begin := time.Now()
	now := func() time.Time {
		return begin.Add(time.Since(begin) + time.Duration(step.Load()+wait.Load())).Round(0)
	}
	a := newApp(t, func(c *ginauth.Config) { c.Secrets, c.Now = []string{weakSecret}, now })
	guess := func(text string) int {
		return a.do(request{path: "/auth/logs", header: header("secret-key", text)}).Code
	}
	other := func() int {
		return a.do(request{path: "/auth/logs", header: header("secret-key", "wrong"), address: "192.0.2.2:1"}).Code
	}
	for range 10 {
		guess("wrong")
		other()
	}
	step.Store(int64(-time.Hour))
	if code := guess("wrong"); code != http.StatusTooManyRequests {
		t.Errorf("after the step a guess is answered %d", code)
	}
	wait.Store(int64(10 * time.Second))
	if code := guess(weakSecret); code != http.StatusOK {
		t.Errorf("after Retry-After the right secret is answered %d", code)
	}
	step.Store(int64(time.Hour))
	made := 0
	for range 10 {
		if other() == http.StatusUnauthorized {
			made++
		}
	}
	if made > 2 { // one for the time that was waited, one for the step
		t.Errorf("the clock that is put forward is worth %d guesses", made)
	}
}

const weakSecret = "TEST_SECRET"

// An administrator who shares an address with an attacker can still revoke, if the secret is
// one that nobody guesses.
func TestGuessingKeepsNoStrongSecretOut(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for range 20 {
		a.do(request{path: "/auth/logs", header: header("secret-key", "wrong")})
	}
	expectProblem(t, a.do(request{path: "/auth/logs", header: header("secret-key", "wrong")}), http.StatusTooManyRequests, "too_many_attempts", "")
	if code := a.get("/auth/logs").Code; code != http.StatusOK {
		t.Errorf("the right secret is answered %d", code)
	}
}

// A client cannot choose whom its guesses are counted for.
func TestThrottleIgnoresForwardedFor(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	var last int
	for i := range 11 {
		h := header("secret-key", "wrong", "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
		last = a.do(request{path: "/auth/logs", header: h, address: "192.0.2.9:1"}).Code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the eleventh guess with a forged address is answered %d", last)
	}
}

// Each change, and each attempt at one, is told to the operator without a
// credential.
func TestAudit(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, id := a.issueKey()
	a.call("/auth/renew", `{"id":"`+id+`"}`)
	a.call("/auth/revoke", `{"api_key":"`+key+`"}`)
	a.call("/auth/renew", `{"id":"`+id+`"}`)
	a.call("/auth/revoke", `{"id":"`+key+`"}`)
	a.call("/auth/delete", `{"id":"`+id+`"}`)
	a.call("/auth/delete", `{"id":"`+id+`"}`)
	_, other := a.issueKey()
	a.call("/auth/revoke", `{"id":"`+other+`"}`)
	a.call("/auth/renew", `{"id":"`+other+`","reactivate":true}`)
	for _, want := range []string{
		"action=key.create object_id=" + id + " actor=admin client_address=192.0.2.1 outcome=done",
		"action=key.renew object_id=" + id + " actor=admin client_address=192.0.2.1 outcome=done",
		"action=key.revoke object_id=" + id + " actor=admin client_address=192.0.2.1 outcome=done",
		"action=key.renew object_id=" + id + " actor=admin client_address=192.0.2.1 outcome=key_revoked",
		`action=key.revoke object_id="" actor=admin client_address=192.0.2.1 outcome=fields_invalid`,
		"action=key.reactivate object_id=" + other + " actor=admin client_address=192.0.2.1 outcome=done",
		"action=key.delete object_id=" + id + " actor=admin client_address=192.0.2.1 outcome=done",
		"action=key.delete object_id=" + id + " actor=admin client_address=192.0.2.1 outcome=key_not_found",
	} {
		if strings.Count(a.log.String(), want) != 1 {
			t.Errorf("not once in the log: %s", want)
		}
	}
	if strings.Contains(a.log.String(), key) || strings.Contains(a.log.String(), secret) {
		t.Error("the log holds a credential")
	}
}

func TestWhatIsNotConfigured(t *testing.T) {
	t.Parallel()
	for name, break_ := range map[string]func(*ginauth.Config){
		"no secret":             func(c *ginauth.Config) { c.Secrets = nil },
		"empty secret":          func(c *ginauth.Config) { c.Secrets = []string{""} },
		"empty previous secret": func(c *ginauth.Config) { c.Secrets = []string{secret, ""} },
		"three secrets":         func(c *ginauth.Config) { c.Secrets = []string{"a", "b", "c"} },
		"negative expiration":   func(c *ginauth.Config) { c.AutomaticExpiration = -time.Hour },
		"negative folding":      func(c *ginauth.Config) { c.UsageRollUpAfter = -time.Hour },
		"negative deletion":     func(c *ginauth.Config) { c.UsageDeleteAfter = -time.Hour },
		"deletion, then folding": func(c *ginauth.Config) {
			c.UsageRollUpAfter = ginauth.DefaultUsageDeleteAfter
		},
		"bad prefix":            func(c *ginauth.Config) { c.KeyPrefix = "Not OK" },
		"bad retired prefix":    func(c *ginauth.Config) { c.RetiredKeyPrefixes = []string{"ok", ""} },
		"unknown source":        func(c *ginauth.Config) { c.KeySources = []ginauth.KeySource{{In: "cookie", Name: "a"}} },
		"header without a name": func(c *ginauth.Config) { c.KeySources = []ginauth.KeySource{{In: ginauth.InHeader}} },
		"header with a space":   func(c *ginauth.Config) { c.KeySources = []ginauth.KeySource{{In: ginauth.InHeader, Name: "a b"}} },
		"the secret's header": func(c *ginauth.Config) {
			c.KeySources = []ginauth.KeySource{{In: ginauth.InHeader, Name: "Secret-Key"}}
		},
		"the secret's parameter": func(c *ginauth.Config) {
			c.KeySources = []ginauth.KeySource{{In: ginauth.InQuery, Name: "secret-key"}}
		},
		"the same header in other case": func(c *ginauth.Config) {
			c.KeySources = []ginauth.KeySource{{In: ginauth.InHeader, Name: "api-key"}, {In: ginauth.InHeader, Name: "API-Key"}}
		},
		"Authorization as it is": func(c *ginauth.Config) {
			c.KeySources = []ginauth.KeySource{{In: ginauth.InHeader, Name: "authorization"}}
		},
		"proxies and a client address": func(c *ginauth.Config) {
			c.TrustedProxies, c.ClientIP = []string{"10.0.0.0/8"}, (*gin.Context).RemoteIP
		},
		"a proxy that is no network": func(c *ginauth.Config) { c.TrustedProxies = []string{"proxy"} },
		"everybody a proxy":          func(c *ginauth.Config) { c.TrustedProxies = []string{"0.0.0.0/0"} },
		"the same twice": func(c *ginauth.Config) {
			c.KeySources = append(ginauth.DefaultKeySources(), ginauth.DefaultKeySources()...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := ginauth.Config{Secrets: []string{secret}}
			break_(&config)
			err := config.Validate()
			if err == nil {
				t.Fatal("Validate accepts it")
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error holds the secret: %v", err)
			}
			if _, err := ginauth.New(newApp(t).repo, config); err == nil {
				t.Error("New accepts it")
			}
		})
	}
	if _, err := ginauth.New(nil, ginauth.Config{Secrets: []string{secret}}); err == nil {
		t.Error("New accepts no repository")
	}
}

func TestWeakSecretIsWarnedAbout(t *testing.T) {
	t.Parallel()
	weak := newApp(t, func(c *ginauth.Config) { c.Secrets = []string{"TEST_SECRET"} })
	if log := weak.log.String(); !strings.Contains(log, "level=WARN") || strings.Contains(log, "TEST_SECRET") {
		t.Errorf("a weak secret logs %q", log)
	}
	strong := newApp(t, func(c *ginauth.Config) { c.Secrets = []string{security.NewSecret()} })
	if log := strong.log.String(); strings.Contains(log, "level=WARN") {
		t.Errorf("a strong secret logs %q", log)
	}
}

func TestCloseWritesUsageAndStopsServing(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	key, _ := a.issueKey()
	a.guarded(key)
	for range 2 {
		if err := a.auth.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	expectProblem(t, a.guarded(key), http.StatusServiceUnavailable, "store_unavailable", "")
}

// A client that sends its key with everything shows it to nobody who looks at
// the request behind the check of the secret.
func TestAdminCallsDropKeys(t *testing.T) {
	t.Parallel()
	var seen []string
	a := newApp(t, func(c *ginauth.Config) {
		c.ClientIP = func(c *gin.Context) string { // the audit asks for it, at the end
			seen = append(seen, c.GetHeader("api-key")+c.GetHeader("Authorization")+c.GetHeader("secret-key"))
			return c.RemoteIP()
		}
	})
	key := security.NewKey("ga")
	answer := a.do(request{
		method: http.MethodPost, path: "/auth/new", body: `{"name":"service"}`,
		header: header("secret-key", secret, "Content-Type", "application/json", "api-key", key, "Authorization", "Bearer "+key),
	})
	if answer.Code != http.StatusCreated || len(seen) == 0 {
		t.Fatalf("the call answers %d: %s", answer.Code, answer.Body)
	}
	for _, credential := range seen {
		if credential != "" {
			t.Errorf("a credential is left: %q", credential)
		}
	}
}
