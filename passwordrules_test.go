package ginauth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/security"
)

// Wherever a password is set, a refusal says which rules it breaks and proposes
// one that is accepted; the proposal is in no log, and no other user gets it.
func TestRulesWhereverAPasswordIsSet(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	a.register("grace")
	setAt := map[string]func(password string) *httptest.ResponseRecorder{
		"/account/password": func(new string) *httptest.ResponseRecorder {
			return a.as("grace", password, "/account/password", fmt.Sprintf(`{"password":%q}`, new))
		},
		"/account/reset": func(new string) *httptest.ResponseRecorder {
			return a.with("", "/account/reset", fmt.Sprintf(`{"token":%q,"password":%q}`, p.fresh(a, "grace@example.com"), new))
		},
	}
	for path, set := range setAt {
		for code, weak := range map[string]string{
			"password_too_short": "weak", "password_no_digit": "Analytical_Engine", "password_common": "Password1!",
			"password_contains_identity": "Wolf_Grace_1851", "password_too_long": "A1_" + strings.Repeat("xyzq", 300),
		} {
			t.Run(path+" "+code, func(t *testing.T) {
				refusal := expectProblem(t, set(weak), http.StatusUnprocessableEntity, "fields_invalid", "password")
				proposal := refusal.text("proposed_password")
				if !strings.Contains(fmt.Sprint(refusal["errors"]), code) || security.CheckPassword(proposal) != nil {
					t.Errorf("the refusal is %v", refusal)
				}
				if again := set(weak); proposal == "" || strings.Contains(again.Body.String()+a.log.String(), proposal) {
					t.Error("a proposal comes again, or is in the log")
				}
			})
		}
	}
	proposal := expectProblem(t, setAt["/account/password"]("weak"), 422, "fields_invalid", "password").text("proposed_password")
	a.expectStatus(setAt["/account/password"](proposal), http.StatusOK)
}

// fresh waits for the token of a mail that is asked for now.
func (p *postman) fresh(a *app, email string) string {
	a.t.Helper()
	a.clock.advance(resetPause)
	if code := a.public("/account/forgot", `{"email":"`+email+`"}`); code != http.StatusAccepted {
		a.t.Fatalf("asking for a mail is answered %d", code)
	}
	return p.token(a.t, email, "reset")
}

// A policy that refuses all that is proposed to it gets no proposal.
func TestPolicyThatRefusesProposals(t *testing.T) {
	t.Parallel()
	a := newApp(t, func(c *ginauth.Config) {
		c.PasswordPolicy = func(string) []security.RuleError {
			return []security.RuleError{{Code: "password_never", Detail: "Never."}}
		}
	})
	refusal := expectProblem(t, a.call("/auth/new", `{`+ada+`}`), 422, "fields_invalid", "password")
	if _, proposes := refusal["proposed_password"]; proposes {
		t.Errorf("the refusal is %v", refusal)
	}
}
