package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"time"

	jwt "github.com/appleboy/gin-jwt/v2"
	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/extractors"
	fiberkeyauth "github.com/gofiber/fiber/v3/middleware/keyauth"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/valyala/fasthttp"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// against measures a guard for Gin.
func against(name string, guard gin.HandlerFunc, header string, credentials ...string) contestant {
	app := newGin(guard)
	return contestant{
		name: name, want: http.StatusNoContent,
		guard: each(newClient(app, "/secure", header), credentials), bare: each(newClient(app, "/unsecure", header), credentials),
	}
}

// byHand is the guard that is written where there is no time for more.
func byHand(db *gorm.DB) gin.HandlerFunc {
	return func(c *gin.Context) {
		hash := sha256.Sum256([]byte(c.GetHeader("api-key")))
		var key keyRow
		err := db.WithContext(c.Request.Context()).Where("hash = ?", hash[:]).Take(&key).Error
		if err != nil || key.RevocationDate != 0 || time.Now().UnixMilli() >= key.ExpirationDate {
			c.AbortWithStatus(http.StatusUnauthorized)
			return
		}
		c.Set("key", key)
	}
}

func basicAuth() contestant {
	const ada = "Basic YWRhOnNlY3JldA=="
	return against("Gin's BasicAuth, 1 account in memory", gin.BasicAuth(gin.Accounts{"ada": "secret"}), "Authorization", ada)
}

func ginJWT() (contestant, error) {
	guard, err := jwt.New(&jwt.GinJWTMiddleware{
		Realm: "bench", Key: []byte(security.NewSecret()), SigningAlgorithm: "HS256", Timeout: time.Hour,
		PayloadFunc: func(data any) jwt.MapClaims { return jwt.MapClaims{jwt.IdentityKey: data} },
	})
	if err != nil {
		return contestant{}, err
	}
	token, _, err := guard.TokenGenerator("ada")
	return against("gin-jwt, HS256 (nothing is looked up or revoked)", guard.MiddlewareFunc(), "Authorization", "Bearer "+token), err
}

// lookUp is what the key-auth of other frameworks leaves to the application.
func lookUp(ctx context.Context, repo repository.Repository, text string) (bool, error) {
	hash := security.HashKey(text)
	key, err := repo.KeyByHash(ctx, hash[:])
	if errors.Is(err, repository.ErrNotFound) {
		return false, nil
	}
	return err == nil && key.Status(time.Now()) == models.StatusActive, err
}

func echoKeyAuth(repo repository.Repository, keys []string) contestant {
	app := echo.New()
	done := func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }
	app.GET("/unsecure", done)
	app.GET("/secure", done, middleware.KeyAuthWithConfig(middleware.KeyAuthConfig{
		KeyLookup: "header:api-key",
		Validator: func(key string, c echo.Context) (bool, error) { return lookUp(c.Request().Context(), repo, key) },
	}))
	return contestant{
		name: "echo's KeyAuth, the same lookup each time", want: http.StatusNoContent,
		guard: each(newClient(app, "/secure", "api-key"), keys), bare: each(newClient(app, "/unsecure", "api-key"), keys),
	}
}

func fiberKeyAuth(repo repository.Repository, keys []string) contestant {
	app := fiber.New()
	guard := fiberkeyauth.New(fiberkeyauth.Config{
		Extractor: extractors.FromHeader("api-key"),
		Validator: func(c fiber.Ctx, key string) (bool, error) { return lookUp(c, repo, key) },
	})
	done := func(c fiber.Ctx) error { return c.SendStatus(http.StatusNoContent) }
	app.Get("/unsecure", done)
	app.Get("/secure", guard, done)
	return contestant{
		name: "fiber's keyauth, the same lookup each time", want: http.StatusNoContent,
		guard: eachOfFiber(app, "/secure", keys), bare: eachOfFiber(app, "/unsecure", keys),
	}
}

func eachOfFiber(app *fiber.App, path string, keys []string) ask {
	handler, request := app.Handler(), &fasthttp.RequestCtx{}
	request.Request.Header.SetMethod(fiber.MethodGet)
	request.Request.SetRequestURI(path)
	return func(i int) int {
		request.Response.Reset()
		request.Request.Header.Set("api-key", keys[i%len(keys)])
		handler(request)
		return request.Response.StatusCode()
	}
}
