package account

import (
	_ "embed"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/security"
)

// page is where the links in mails lead. It takes the token out of the
// link's fragment and sends it when a button is pressed, so that opening the
// link, as scanners of mail do, uses nothing up.
//
//go:embed page.html
var page string

// ShowPage serves the page; which of the two it is, its script sees by its
// path.
func ShowPage(c *gin.Context) {
	nonce := security.NewSecret()
	c.Header("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+nonce+"'; style-src 'nonce-"+nonce+"'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Referrer-Policy", "no-referrer")
	c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(strings.ReplaceAll(page, "NONCE", nonce)))
}
