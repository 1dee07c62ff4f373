package ginauth

import (
	"errors"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/clientip"
)

// forwardedFor is the header in which proxies name the client.
const forwardedFor = "X-Forwarded-For"

// validateClientIP refuses two answers to one question, and proxies that cannot
// be read.
func (c Config) validateClientIP() error {
	if len(c.TrustedProxies) > 0 && c.ClientIP != nil {
		return errors.New("TrustedProxies: cannot be set together with ClientIP; set one of them")
	}
	_, err := clientip.Parse(c.TrustedProxies)
	return prefixed("TrustedProxies", err)
}

// clientIP returns the function that tells a client's address.
func (c Config) clientIP() func(*gin.Context) string {
	if c.ClientIP != nil {
		return c.ClientIP
	}
	proxies, _ := clientip.Parse(c.TrustedProxies) // Validate has read them
	if len(proxies) == 0 {
		return (*gin.Context).RemoteIP
	}
	return func(c *gin.Context) string {
		return proxies.Client(c.RemoteIP(), c.Request.Header[forwardedFor])
	}
}
