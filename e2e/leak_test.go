package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// leakSecret and the passwords look different in each of the encodings that
// are searched for.
const (
	leakSecret    = "S&cret <of> the=house/1"
	rightPassword = "R!ght & <Pass>/1"
	wrongPassword = "Wr0ng & <Pass>/2"
	weakPassword  = "weak & <pass>/"
	wrongSecret   = "not & <the> secret=/3"
)

// spellings returns the ways in which a secret may stand somewhere. Of a key,
// the end alone would give it away as well.
func spellings(secret string) []string {
	quoted, _ := json.Marshal(secret)
	return []string{
		secret,
		secret[len(secret)/2:],
		strings.Trim(string(quoted), `"`),
		url.QueryEscape(secret),
		url.PathEscape(secret),
		hex.EncodeToString([]byte(secret)),
		base64.RawStdEncoding.EncodeToString([]byte(secret))[:len(secret)], // without the end, which padding changes
		base64.RawURLEncoding.EncodeToString([]byte(secret))[:len(secret)],
	}
}

// expectNone searches a text for secrets.
func expectNone(t *testing.T, where, text string, secrets map[string]string) {
	t.Helper()
	for name, secret := range secrets {
		for _, spelling := range spellings(secret) {
			if strings.Contains(text, spelling) {
				t.Errorf("%s holds the %s, as %q", where, name, spelling)
			}
		}
	}
}

// The search itself must not be blind.
func TestSpellings(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"raw":    "x" + rightPassword + "y",
		"json":   string(must(json.Marshal(map[string]string{"p": rightPassword}))),
		"query":  url.Values{"p": {rightPassword}}.Encode(),
		"base64": base64.StdEncoding.EncodeToString([]byte(rightPassword)),
		"hex":    hex.EncodeToString([]byte(rightPassword)),
		"end":    "..." + rightPassword[len(rightPassword)/2:],
	} {
		found := false
		for _, spelling := range spellings(rightPassword) {
			found = found || strings.Contains(text, spelling)
		}
		if !found {
			t.Errorf("%s is not found", name)
		}
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// leaking drives an example and gathers what was secret.
type leaking struct {
	*process
	secrets map[string]string
}

// try makes a call whose answer must have a status and hold no secret.
func (l *leaking) try(status int, method, path, body string, headers ...string) answer {
	l.t.Helper()
	a := l.send(method, path, body, headers...)
	if a.status != status {
		l.t.Errorf("%s %s answers %d, not %d: %s", method, path, a.status, status, a.body)
	}
	expectNone(l.t, "the answer of "+path, a.body+string(must(json.Marshal(a.header))), l.secrets)
	return a
}

// call makes an admin call with the right secret.
func (l *leaking) call(status int, name string, members ...string) answer {
	l.t.Helper()
	object := map[string]string{}
	for i := 0; i < len(members); i += 2 {
		object[members[i]] = members[i+1]
	}
	return l.try(status, http.MethodPost, "/auth/"+name, string(must(json.Marshal(object))), "secret-key: "+leakSecret)
}

// issueSecretly issues a key, which is secret from then on.
func (l *leaking) issueSecretly(name string, members ...string) (key, id string) {
	l.t.Helper()
	a := l.call(http.StatusCreated, "new", members...)
	key = a.member("api_key")
	if strings.Count(a.body, key) != 1 || len(key) != len("ga_")+49 {
		l.t.Fatalf("the answer does not show a key once: %s", a.body)
	}
	l.secrets[name] = key
	return key, a.member("id")
}

// Right or wrong use puts no secret into an answer, a log or a file of the
// database; the one exception is the answer that issues a key.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"debug", "release"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			l := &leaking{startExample(t, "GIN_MODE="+mode, "GINAUTH_SECRET="+leakSecret), map[string]string{
				"admin secret": leakSecret, "wrong secret": wrongSecret,
				"right password": rightPassword, "wrong password": wrongPassword, "weak password": weakPassword,
			}}
			ids := l.misuse()
			waitUntil(t, "the use is written", func() bool { return strings.Contains(l.logs(ids[0]), `"total_queries":4`) })
			l.expectCleanFiles(ids)
			l.stop(syscall.SIGTERM)
			l.expectCleanFiles(ids)
			l.expectCleanOutput(mode, ids)
		})
	}
}

func (l *leaking) logs(id string) string {
	return l.try(http.StatusOK, http.MethodGet, "/auth/logs?id="+id, "", "secret-key: "+leakSecret).body
}

// misuse makes all kinds of calls and returns the ids of two keys.
func (l *leaking) misuse() []string {
	l.t.Helper()
	const ada, email = "ada", "ada@example.com"
	key, id := l.issueSecretly("key of a user", "username", ada, "email", email, "password", rightPassword)
	l.issueSecretly("second key of a user", "username", ada, "email", email, "password", rightPassword)
	service, serviceID := l.issueSecretly("key of a service", "name", "backup")
	l.call(http.StatusForbidden, "new", "username", ada, "email", email, "password", wrongPassword)
	refusal := l.call(http.StatusUnprocessableEntity, "new", "username", "eve", "email", "eve@example.com", "password", weakPassword)
	l.secrets["proposed password"] = refusal.member("proposed_password")
	l.call(http.StatusUnprocessableEntity, "new", "username", rightPassword, "email", rightPassword, "password", rightPassword)
	l.call(http.StatusUnprocessableEntity, "new", "name", service+service)
	l.misuseGuard(key)
	l.misuseAdmin(key)
	l.call(http.StatusOK, "renew", "api_key", service)
	l.call(http.StatusOK, "revoke", "api_key", service)
	l.call(http.StatusConflict, "renew", "api_key", service)
	l.try(http.StatusUnauthorized, http.MethodGet, "/secure", "", "api-key: "+service)
	return []string{id, serviceID}
}

// misuseGuard uses a key four times, and in wrong ways and places.
func (l *leaking) misuseGuard(key string) {
	l.t.Helper()
	for path, headers := range map[string][]string{
		"/secure":                                {"api-key: " + key},
		"/secure?api-key=" + key + "&other=1":    {},
		"/secure?":                               {"Authorization: Bearer " + key},
		"/secure?%61pi-key=" + key + "&api-key=": {"api-key: " + key},
	} {
		status := http.StatusOK
		if strings.HasSuffix(path, "api-key=") {
			status = http.StatusUnauthorized // sent twice in the query
		}
		l.try(status, http.MethodGet, path, "", headers...)
	}
	l.try(http.StatusOK, http.MethodGet, "/secure?api-key="+key, "", "api-key: "+key)
	l.try(http.StatusUnauthorized, http.MethodGet, "/secure?api-key="+key, "", "api-key: "+l.secrets["second key of a user"])
	l.try(http.StatusUnauthorized, http.MethodGet, "/secure", "", "api-key: "+key[:len(key)-1])
	l.try(http.StatusUnauthorized, http.MethodGet, "/secure", "", "api-key: "+leakSecret)
	for _, path := range []string{"/unsecure", "/docs", "/docs/doc.json", "/missing"} {
		status := map[bool]int{true: http.StatusNotFound, false: http.StatusOK}[path == "/missing"]
		l.try(status, http.MethodGet, path+"?api-key="+key, "", "api-key: "+key, "Authorization: Bearer "+key, "Cookie: api-key="+key)
	}
}

// misuseAdmin sends secrets where they do not belong.
func (l *leaking) misuseAdmin(key string) {
	l.t.Helper()
	const logs = "/auth/logs"
	l.try(http.StatusUnauthorized, http.MethodGet, logs, "", "secret-key: "+wrongSecret)
	l.try(http.StatusUnauthorized, http.MethodGet, logs, "", "secret-key: "+key)
	l.try(http.StatusUnauthorized, http.MethodGet, logs, "", "secret-key: "+leakSecret, "secret-key: "+leakSecret)
	l.try(http.StatusUnauthorized, http.MethodGet, logs+"?secret-key="+url.QueryEscape(leakSecret), "")
	l.try(http.StatusUnauthorized, http.MethodGet, logs+"?secret-key="+url.QueryEscape(leakSecret), "", "secret-key: "+leakSecret)
	for _, parameter := range []string{"cursor", "status", "sort", "limit", "api-key"} {
		l.try(http.StatusUnprocessableEntity, http.MethodGet, logs+"?"+parameter+"="+key, "", "secret-key: "+leakSecret)
	}
	l.try(http.StatusUnprocessableEntity, http.MethodGet, logs+"?id="+key, "", "secret-key: "+leakSecret)
	for _, name := range []string{"renew", "revoke", "delete"} {
		l.call(http.StatusUnprocessableEntity, name, "id", key)
		l.call(http.StatusBadRequest, name, "id", key, "secret", leakSecret)
		l.try(http.StatusBadRequest, http.MethodPost, "/auth/"+name, key, "secret-key: "+leakSecret)
		l.try(http.StatusBadRequest, http.MethodPost, "/auth/"+name, `{"id":{"`+key+`":1}}`, "secret-key: "+leakSecret)
	}
	l.call(http.StatusUnprocessableEntity, "revoke", "api_key", key+"x")
	l.call(http.StatusUnprocessableEntity, "revoke", "api_key", leakSecret)
}

// expectCleanFiles searches the bytes of the database, which must be the right
// ones: the ids are in them.
func (l *leaking) expectCleanFiles(ids []string) {
	l.t.Helper()
	paths, _ := filepath.Glob(filepath.Join(l.dir, "*"))
	all := ""
	for _, path := range paths {
		text := string(must(os.ReadFile(path)))
		expectNone(l.t, filepath.Base(path), text, l.secrets)
		all += text
	}
	for _, id := range append(ids, "ada@example.com") {
		if !strings.Contains(all, id) {
			l.t.Errorf("%v do not hold %s: they are not the database", paths, id)
		}
	}
}

// expectCleanOutput searches what was printed, which must be everything.
func (l *leaking) expectCleanOutput(mode string, ids []string) {
	l.t.Helper()
	output := l.output.String()
	expectNone(l.t, "the output", output, l.secrets)
	for _, word := range append(ids, "action=key.create", "action=key.revoke", "action=admin.login", `GET      "/secure"`, "shutting down") {
		if !strings.Contains(output, word) {
			l.t.Errorf("the output lacks %q", word)
		}
	}
	if strings.Contains(output, "[GIN-debug]") != (mode == "debug") {
		l.t.Errorf("gin does not run in %s mode", mode)
	}
}
