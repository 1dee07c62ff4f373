package account

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/credential"
	"github.com/ginauth/ginauth/problem"
)

// originsFrom also trusts the origin that the application is reached under, in case
// a proxy changes the host.
func originsFrom(publicURL string) *http.CrossOriginProtection {
	origins := http.NewCrossOriginProtection()
	if parsed, err := url.Parse(publicURL); err == nil && publicURL != "" {
		_ = origins.AddTrustedOrigin(parsed.Scheme + "://" + parsed.Host) // it was validated
	}
	return origins
}

// Protect keeps other origins' pages from changing anything with what a browser
// sends along by itself.
func (a *API) Protect(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	a.Reader.TakeSecretFromQuery(c)
	credential.DropSecretHeaders(c.Request)
	if err := a.origins.Check(c.Request); err != nil {
		a.Refuse(c, problem.Forbidden("cross_origin", "A page of another origin cannot do this."))
	}
}
