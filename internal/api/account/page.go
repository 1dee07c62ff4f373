package account

import (
	"cmp"
	_ "embed"
	"html"
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

// Page is what the pages that links lead to say of the application.
type Page struct {
	publicURL string
	write     func(nonce string) string
}

// NewPage returns the pages of the application that people know by a name, or by where
// they reach it. Its rules for passwords are what it says of an empty one.
func NewPage(publicURL, application string, policy func(password string) []security.RuleError) Page {
	var rules []string
	for _, rule := range policy("") {
		rules = append(rules, rule.Detail)
	}
	name, rule := html.EscapeString(cmp.Or(application, publicURL)), html.EscapeString(strings.Join(rules, " "))
	return Page{publicURL, func(nonce string) string {
		return strings.NewReplacer("{{application}}", name, "{{rules}}", rule, "{{nonce}}", nonce).Replace(page)
	}}
}

// ShowPage serves the page; which of the two it is, its script sees by its
// path.
func (a *API) ShowPage(c *gin.Context) {
	nonce := security.NewSecret()
	c.Header("Content-Security-Policy", "default-src 'none'; script-src 'nonce-"+nonce+"'; style-src 'nonce-"+nonce+"'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Referrer-Policy", "no-referrer")
	c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(a.page.write(nonce)))
}
