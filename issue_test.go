package ginauth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/security"
)

const ada = `"username":"Ada","email":"Ada@Example.com","password":"` + password + `"`

func TestNewForAUser(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	issued := a.issue(`{` + ada + `,"name":"notebook"}`)
	if key := issued.text("api_key"); !security.IsKey("ga", key) || !strings.HasPrefix(key, issued.text("hint")) {
		t.Errorf("the key is %q, its hint %q", key, issued.text("hint"))
	}
	want := object{
		"username": "Ada", "name": "notebook", "status": "active", "is_active": true, "never_expires": false,
		"creation_date": "2030-05-06T06:08:09.123Z", "expiration_date": "2030-05-21T06:08:09.123Z", "revocation_date": nil,
	}
	for name, value := range want {
		if issued[name] != value {
			t.Errorf("%s is %v, want %v", name, issued[name], value)
		}
	}
	row := a.rows("/auth/logs")[0]
	if row.text("email") != "Ada@Example.com" || row.text("user_id") != issued.text("user_id") || row.text("id") != issued.text("id") {
		t.Errorf("the log shows %v", row)
	}
}

// A known user gets further keys, proven by the password; nobody gets a key in
// another's name.
func TestNewForAKnownUser(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	first := a.issue(`{` + ada + `}`)
	second := a.issue(`{"username":"ADA","email":"ada@example.COM","password":"` + password + `"}`)
	if first.text("user_id") != second.text("user_id") || first.text("api_key") == second.text("api_key") {
		t.Error("the second key is not a further one of the same user")
	}
	for _, key := range []string{first.text("api_key"), second.text("api_key")} {
		if code := a.guarded(key).Code; code != http.StatusOK {
			t.Errorf("one of two keys is answered %d", code)
		}
	}
	body := strings.Replace(`{`+ada+`}`, password, "Wrong-passw0rd", 1)
	expectProblem(t, a.call("/auth/new", body), http.StatusForbidden, "wrong_password", "")
	body = strings.Replace(`{`+ada+`}`, "Ada@", "eve@", 1)
	expectProblem(t, a.call("/auth/new", body), http.StatusConflict, "username_taken", "username")
	body = strings.Replace(`{`+ada+`}`, `"Ada"`, `"eve"`, 1)
	expectProblem(t, a.call("/auth/new", body), http.StatusConflict, "email_taken", "email")
	a.call("/auth/users/disable", `{"email":"ada@example.com"}`)
	expectProblem(t, a.call("/auth/new", `{`+ada+`}`), http.StatusForbidden, "user_disabled", "")
	if rows := a.rows("/auth/logs"); len(rows) != 2 {
		t.Errorf("%d keys exist", len(rows))
	}
}

func TestNewUsernameRace(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	codes := map[int]int{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			body := fmt.Sprintf(`{"username":"racer","email":"r%d@example.com","password":"%s"}`, i, password)
			code := a.call("/auth/new", body).Code
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
		})
	}
	group.Wait()
	if codes[http.StatusCreated] != 1 || codes[http.StatusConflict] != 3 {
		t.Errorf("one of four should win: %v", codes)
	}
}

// Two calls that make the same new user at once both get a key.
func TestNewSameUserTwiceAtOnce(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	answers := make([]*httptest.ResponseRecorder, 4)
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() { answers[i] = a.call("/auth/new", `{`+ada+`}`) })
	}
	group.Wait()
	users := map[string]int{}
	for _, answer := range answers {
		users[a.expectStatus(answer, http.StatusCreated).text("user_id")]++
	}
	if len(users) != 1 || len(a.rows("/auth/logs")) != 4 {
		t.Errorf("the users are %v", users)
	}
}

func TestNewExpiration(t *testing.T) {
	t.Parallel()
	a := newApp(t, func(c *ginauth.Config) { c.AutomaticExpiration = 48 * time.Hour })
	for body, want := range map[string]any{
		`{"name":"s"}`:                                                    "2030-05-08T06:08:09.123Z",
		`{"name":"s","never_expires":false}`:                              "2030-05-08T06:08:09.123Z",
		`{"name":"s","expiration_date":null}`:                             "2030-05-08T06:08:09.123Z",
		`{"name":"s","never_expires":true}`:                               nil,
		`{"name":"s","expiration_date":"2030-05-06"}`:                     "2030-05-06T23:59:59.999Z",
		`{"name":"s","expiration_date":"2031-01-02T03:04:05.6789+02:00"}`: "2031-01-02T01:04:05.678Z",
		`{"name":"s","expiration_date":"9999-12-31"}`:                     "9999-12-31T23:59:59.999Z",
	} {
		issued := a.issue(body)
		if issued["expiration_date"] != want || issued["never_expires"] != (want == nil) {
			t.Errorf("%s expires %v, want %v", body, issued["expiration_date"], want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	user := func(username, email, password string) string {
		return fmt.Sprintf(`{"username":%q,"email":%q,"password":%q}`, username, email, password)
	}
	tests := map[string]struct{ body, field, code string }{
		"nothing":                 {`{}`, "username", "username_missing"},
		"nothing, not even name":  {`{}`, "name", "name_missing"},
		"less than a millisecond": {`{"name":"s","expiration_date":"2030-05-06T06:08:09.1239Z"}`, "expiration_date", "expiration_date_past"},
		"null":                    {`null`, "username", "username_missing"},
		"no username":             {user("", "a@example.com", password), "username", "username_missing"},
		"no email":                {user("ada", "", password), "email", "email_missing"},
		"no password":             {user("ada", "a@example.com", ""), "password", "password_missing"},
		"short username":          {user("ab", "a@example.com", password), "username", "username_too_short"},
		"long username":           {user(strings.Repeat("a", 65), "a@example.com", password), "username", "username_too_long"},
		"username with @":         {user("a@b.c", "a@example.com", password), "username", "username_invalid"},
		"username with a colon":   {user("a:bc", "a@example.com", password), "username", "username_invalid"},
		"username with NUL":       {`{"username":"ada\u0000","email":"a@example.com","password":"` + password + `"}`, "username", "username_invalid"},
		"username with a newline": {user("ada\nroot", "a@example.com", password), "username", "username_invalid"},
		"username, bidi override": {`{"username":"ada\u202eroot","email":"a@example.com","password":"` + password + `"}`, "username", "username_invalid"},
		"bad email":               {user("ada", "not an address", password), "email", "email_invalid"},
		"email with a name":       {user("ada", "Ada <a@example.com>", password), "email", "email_invalid"},
		"email with a newline":    {user("ada", "a@example.com\nBcc: b@example.com", password), "email", "email_invalid"},
		"password too short":      {user("ada", "a@example.com", "Abcde-1!"), "password", "password_too_short"},
		"password, no digit":      {user("ada", "a@example.com", "Analytical_Engine"), "password", "password_no_digit"},
		"password, no uppercase":  {user("ada", "a@example.com", "analytical-1_engine"), "password", "password_no_uppercase"},
		"password, no special":    {user("ada", "a@example.com", "Analytical1Engine"), "password", "password_no_special"},
		"password too long":       {user("ada", "a@example.com", password+strings.Repeat("x", 1024)), "password", "password_too_long"},
		"long name":               {`{"name":"` + strings.Repeat("n", 65) + `"}`, "name", "name_too_long"},
		"name with a bell":        {`{"name":"a\u0007b"}`, "name", "name_invalid"},
		"name of white space":     {`{"name":" "}`, "name", "name_empty"},
		"unreadable date":         {`{"name":"s","expiration_date":"soon"}`, "expiration_date", "expiration_date_invalid"},
		"empty date":              {`{"name":"s","expiration_date":""}`, "expiration_date", "expiration_date_invalid"},
		"no such day":             {`{"name":"s","expiration_date":"2031-02-30"}`, "expiration_date", "expiration_date_invalid"},
		"date of another country": {`{"name":"s","expiration_date":"03.02.2031 04:05"}`, "expiration_date", "expiration_date_invalid"},
		"date beyond year 9999":   {`{"name":"s","expiration_date":"9999-12-31T23:59:59-12:00"}`, "expiration_date", "expiration_date_invalid"},
		"yesterday":               {`{"name":"s","expiration_date":"2030-05-05"}`, "expiration_date", "expiration_date_past"},
		"this very moment":        {`{"name":"s","expiration_date":"2030-05-06T06:08:09.123456789Z"}`, "expiration_date", "expiration_date_past"},
		"never and a date":        {`{"name":"s","never_expires":true,"expiration_date":"2031-02-03"}`, "expiration_date", "expiration_date_superfluous"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			answer := a.call("/auth/new", test.body)
			body := answer.Body.String()
			expectProblem(t, answer, http.StatusUnprocessableEntity, "fields_invalid", test.field)
			if !strings.Contains(body, `"code":"`+test.code+`"`) {
				t.Errorf("the answer has no %s: %s", test.code, body)
			}
			if strings.Contains(body, password) {
				t.Error("the answer holds the password")
			}
		})
	}
	if rows := a.rows("/auth/logs"); len(rows) != 0 {
		t.Errorf("a refused call made %v", rows)
	}
}

// Everything that is wrong is said at once.
func TestNewNamesEveryField(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	answer := a.call("/auth/new", `{"username":"a:b","email":"x","expiration_date":"never","name":"\u0007"}`)
	problem := expectProblem(t, answer, http.StatusUnprocessableEntity, "fields_invalid", "")
	if fields, _ := problem["errors"].([]any); len(fields) != 5 {
		t.Errorf("five fields are wrong, %d are named: %v", len(fields), fields)
	}
}

func TestProposedPasswordIsAccepted(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	answer := a.call("/auth/new", strings.Replace(`{`+ada+`}`, password, "weak", 1))
	proposed := expectProblem(t, answer, http.StatusUnprocessableEntity, "fields_invalid", "password").text("proposed_password")
	a.issue(strings.Replace(`{`+ada+`}`, password, proposed, 1))
	if strings.Contains(a.log.String(), proposed) {
		t.Error("the proposed password is logged")
	}
}

func TestUnicodeNames(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	issued := a.issue(`{"username":"Ζωή","email":"zoe@bücher.example","password":"` + password + `","name":"ключ 🔑"}`)
	row := a.rows("/auth/logs?username=%CE%96%CF%89%CE%AE&email=zoe@xn--bcher-kva.example")[0]
	if row.text("id") != issued.text("id") || row.text("username") != "Ζωή" || row.text("name") != "ключ 🔑" || row.text("email") != "zoe@bücher.example" {
		t.Errorf("the log shows %v", row)
	}
}
