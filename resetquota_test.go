package ginauth_test

import (
	"fmt"
	"net/http"
	"testing"
)

// forgetFrom asks for a link from a client's address.
func (a *app) forgetFrom(address, email string) int {
	a.t.Helper()
	return a.do(request{
		method: http.MethodPost, path: "/account/forgot", body: `{"email":"` + email + `"}`,
		header: header("Content-Type", "application/json"), address: address + ":1",
	}).Code
}

// A request for a user's links from elsewhere neither voids a link that was
// mailed nor uses up what the user has from where the password was right lately.
func TestOthersCannotSilenceAReset(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	a.register("ada")
	a.verify("ada", password, "192.0.2.7") // from where she is known
	a.forget("ada@example.com")
	first := p.token(t, "ada@example.com", "reset")
	for i := range 30 {
		a.forgetFrom(fmt.Sprintf("198.51.100.%d", i), "ada@example.com")
	}
	for range 4 { // with the first one, all that others may have mailed
		p.token(t, "ada@example.com", "reset")
	}
	if code := a.forgetFrom("192.0.2.7", "ada@example.com"); code != http.StatusAccepted {
		t.Fatalf("the user is answered %d", code)
	}
	own := p.token(t, "ada@example.com", "reset")
	if code := a.reset(first, "Difference-2_Engine"); code != 204 {
		t.Errorf("the link from before is answered %d", code)
	}
	if code := a.reset(own, "Nautical-3_Almanac"); code != 403 {
		t.Errorf("a link after the reset is answered %d", code)
	}
}

// A client that uses up its requests keeps nobody from asking who is known from
// the same address.
func TestKnownAddressIsCountedApart(t *testing.T) {
	t.Parallel()
	a, p := newMailing(t)
	a.register("ada")
	a.verify("ada", password, "192.0.2.7")
	for i := range 25 {
		a.forgetFrom("192.0.2.7", fmt.Sprintf("nobody-%d@example.com", i))
	}
	if code := a.forgetFrom("192.0.2.7", "nobody@example.com"); code != http.StatusTooManyRequests {
		t.Errorf("a client that asks too often is answered %d", code)
	}
	if code := a.forgetFrom("192.0.2.7", "ada@example.com"); code != http.StatusAccepted {
		t.Fatalf("the user is answered %d", code)
	}
	p.token(t, "ada@example.com", "reset")
}
