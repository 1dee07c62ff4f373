package account

import (
	"net/http"
	"slices"
	"strings"

	"github.com/ginauth/ginauth/problem"
)

// basicLogin is what a request carries of HTTP Basic (RFC 7617).
type basicLogin struct {
	name, password string
	sent           bool
	err            error // it cannot be read
}

// takeBasic takes username and password out of the request.
func takeBasic(r *http.Request) basicLogin {
	values := r.Header["Authorization"]
	isBasic := func(value string) bool {
		scheme, _, _ := strings.Cut(value, " ")
		return strings.EqualFold(scheme, "Basic")
	}
	if !slices.ContainsFunc(values, isBasic) {
		return basicLogin{}
	}
	name, password, ok := r.BasicAuth()
	delete(r.Header, "Authorization")
	if !ok || len(values) > 1 {
		return basicLogin{sent: true, err: problem.Unauthenticated("credentials_invalid", "The Authorization header cannot be read.")}
	}
	return basicLogin{name: name, password: password, sent: true}
}
