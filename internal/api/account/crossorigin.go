package account

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/credential"
	"github.com/ginauth/ginauth/internal/origin"
	"github.com/ginauth/ginauth/problem"
)

// originsFrom also trusts the origin that the application is reached under, in case
// a proxy changes the host.
func originsFrom(publicURL string) *http.CrossOriginProtection {
	origins := http.NewCrossOriginProtection()
	if publicURL != "" {
		_ = origins.AddTrustedOrigin(origin.Canonical(publicURL)) // it was validated
	}
	return origins
}

// canonicalOrigins returns what of a request tells where it comes from, origin and host
// each written in one form.
func canonicalOrigins(r *http.Request) *http.Request {
	compared := *r
	from := r.Header.Get("Origin")
	compared.Header = http.Header{}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		compared.Header.Set("Sec-Fetch-Site", site)
	}
	if from != "" {
		compared.Header.Set("Origin", origin.Canonical(from))
	}
	scheme, _, _ := strings.Cut(from, "://")
	compared.Host = origin.Host(strings.ToLower(scheme), r.Host)
	return &compared
}

// Protect keeps other origins' pages from changing anything with what a browser
// sends along by itself.
func (a *API) Protect(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	a.Reader.TakeSecretFromQuery(c)
	credential.DropSecretHeaders(c.Request)
	if err := a.origins.Check(canonicalOrigins(c.Request)); err != nil {
		a.Refuse(c, problem.Forbidden("cross_origin", "A page of another origin cannot do this."))
	}
}
