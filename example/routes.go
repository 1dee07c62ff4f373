package main

import (
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/docs"
	_ "github.com/ginauth/ginauth/example/docs" // registers the annotations below with swag
)

//	@title				ginauth example
//	@version			1.0
//	@description		One endpoint is open to everyone, the other needs an API key: authorize with one, and call /secure.
//	@license.name		MIT
//	@tag.name			example
//	@tag.description	What this application does.

func newRouter(auth *ginauth.Auth) *gin.Engine {
	r := gin.New()
	r.RedirectTrailingSlash, r.RedirectFixedPath = false, false // a redirect would repeat a key that is in the query
	r.Use(gin.LoggerWithConfig(gin.LoggerConfig{SkipQueryString: true, SkipPaths: []string{"/ready"}}), recovery())
	docs.Register(r, auth)
	auth.RegisterAdmin(r.Group("/auth"))
	auth.RegisterAccount(r.Group("/account"))
	r.GET("/ready", func(c *gin.Context) { ready(c, auth) })
	r.GET("/unsecure", unsecure)
	r.GET("/secure", auth.Guard(), secure)
	return r
}

// recovery answers 500 to a panic and logs it without the request, which
// gin.Recovery would print, and with it a key that was sent where no guard
// took it.
func recovery() gin.HandlerFunc {
	return gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, reason any) {
		slog.Error("panic", "path", c.FullPath(), "reason", reason, "stack", string(debug.Stack()))
		c.AbortWithStatus(http.StatusInternalServerError)
	})
}

// ready tells a load balancer or a container whether keys can be checked.
//
//	@Summary		Ready
//	@Description	Whether keys can be checked now.
//	@ID				ready
//	@Tags			example
//	@Success		204
//	@Failure		503
//	@Security
//	@Router			/ready [get]
func ready(c *gin.Context, auth *ginauth.Auth) {
	if err := auth.Ready(c.Request.Context()); err != nil {
		slog.Warn("not ready", "error", err)
		c.Status(http.StatusServiceUnavailable)
		return
	}
	c.Status(http.StatusNoContent)
}

// greeting is what both endpoints answer.
type greeting struct {
	Message string `json:"message" example:"hello, ada"`
}

// unsecure greets everyone.
//
//	@Summary		Open to everyone
//	@Description	No key is needed.
//	@ID				greet
//	@Tags			example
//	@Produce		json
//	@Success		200	{object}	greeting
//	@Security
//	@Router	/unsecure [get]
func unsecure(c *gin.Context) {
	c.JSON(http.StatusOK, greeting{"hello, whoever you are"})
}

// secure greets the owner of the key.
//
//	@Summary		Needs an API key
//	@Description	The greeting names the key's owner.
//	@ID				greetByName
//	@Tags			example
//	@Produce		json
//	@Success		200	{object}	greeting
//	@Failure		401	{object}	ginauth.Problem
//	@Security		ApiKeyHeader
//	@Security		ApiKeyQuery
//	@Router			/secure [get]
func secure(c *gin.Context) {
	key, _ := ginauth.KeyFrom(c)
	name := key.Username
	if name == "" {
		name = key.Name
	}
	c.JSON(http.StatusOK, greeting{"hello, " + name})
}
