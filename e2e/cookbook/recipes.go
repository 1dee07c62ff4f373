// Package cookbook holds the code of docs/cookbook.md: the body of each function is
// the recipe of the title in its comment. The tests run each of them.
package cookbook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"
	"golang.org/x/time/rate"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/auto"
	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/sqlite"
	"github.com/ginauth/ginauth/users"
)

// A key or a JWT on one route
func keyOrJWT(r *gin.Engine, auth *ginauth.Auth, secret []byte) {
	checkJWT := func(c *gin.Context) {
		text := strings.TrimPrefix(c.GetHeader("Authorization"), "Bearer ")
		token, err := jwt.Parse(text,
			func(*jwt.Token) (any, error) { return secret, nil }, jwt.WithValidMethods([]string{"HS256"}))
		if err != nil {
			c.AbortWithStatus(http.StatusUnauthorized)
			return
		}
		c.Set("subject", token.Claims.(jwt.MapClaims)["sub"])
	}
	r.GET("/orders", auth.Guard(ginauth.Fallback(checkJWT)), listOrders)
}

// CORS
func crossOrigin(r *gin.Engine, auth *ginauth.Auth) {
	r.Use(cors.New(cors.Config{ // ahead of the guard: preflight requests carry no key
		AllowOrigins: []string{"https://app.example.org"},
		AllowMethods: []string{"GET", "POST"},
		AllowHeaders: []string{"api-key", "Authorization", "Content-Type"},
	}))
	r.Group("/api", auth.Guard()).GET("/orders", listOrders)
}

// A limit for each key
func limitedByKey(r *gin.Engine, auth *ginauth.Auth) {
	limiters := newLimiters(func() *rate.Limiter { return rate.NewLimiter(10, 20) }) // a second, and at once
	limit := func(c *gin.Context) {
		if key, _ := ginauth.KeyFrom(c); !limiters.get(key.ID).Allow() {
			c.AbortWithStatus(http.StatusTooManyRequests)
		}
	}
	r.GET("/orders", auth.Guard(), limit, listOrders)
}

// OpenTelemetry: the key in the log line
func traced(r *gin.Engine, auth *ginauth.Auth, logger *slog.Logger) {
	r.Use(func(c *gin.Context) { // ahead of otelgin, which puts the former request back
		c.Next()
		key, _ := ginauth.KeyFrom(c)
		logger.InfoContext(c, "request", "path", c.FullPath(), "status", c.Writer.Status(), "key", key.ID)
	}, otelgin.Middleware("orders"))
	r.GET("/orders", auth.Guard(ginauth.KeepKey()), listOrders)
}

// Prometheus
func metrics(auth *ginauth.Auth, registry prometheus.Registerer) {
	gauge := func(name, help string, value func(ginauth.Stats) float64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
			func() float64 { return value(auth.Stats()) }))
	}
	gauge("ginauth_allowed", "Requests that passed the guard.", func(s ginauth.Stats) float64 { return float64(s.Requests["allowed"]) })
	gauge("ginauth_change_lag_seconds", "Age of the last look at the change log.", func(s ginauth.Stats) float64 { return s.ChangeLag.Seconds() })
	gauge("ginauth_pending_usage", "Counts that are not written.", func(s ginauth.Stats) float64 { return float64(s.PendingUsage) })
}

// Your own error body
func ownErrors(c *ginauth.Config) {
	c.Respond = func(c *gin.Context, p ginauth.Problem) { // status and headers are set
		c.JSON(p.Status, gin.H{"error": gin.H{"code": p.Code, "message": p.Detail}})
	}
}

// Your own table of users
func ownUsers(ctx context.Context, auth *ginauth.Auth, db *gorm.DB, account Account) (string, error) {
	issued, err := auth.Keys().Issue(ctx, keys.IssueParams{Name: account.Email})
	if err != nil {
		return "", err
	}
	account.KeyID = issued.ID // look it up by KeyFrom(c).ID
	if err := db.Save(&account).Error; err != nil {
		_, revoked := auth.Keys().Revoke(ctx, keys.ByID(issued.ID))
		return "", errors.Join(err, revoked)
	}
	return issued.Key, nil
}

// A key for development
func seed(ctx context.Context, auth *ginauth.Auth, logger *slog.Logger) error {
	filter := repository.KeyFilter{Name: "development", Status: models.StatusActive}
	page, err := auth.Keys().List(ctx, filter, repository.Page{Limit: 1})
	if err != nil || len(page.Rows) > 0 {
		return err
	}
	issued, err := auth.Keys().Issue(ctx, keys.IssueParams{Name: "development", NeverExpires: true})
	if err == nil {
		logger.Warn("a key for development was issued", "key", issued.Key)
	}
	return err
}

// Readiness
func readiness(r *gin.Engine, auth *ginauth.Auth) {
	r.GET("/ready", func(c *gin.Context) {
		if err := auth.Ready(c); err != nil {
			c.AbortWithStatus(http.StatusServiceUnavailable)
			return
		}
		c.Status(http.StatusNoContent)
	})
}

// Behind a proxy
func proxied(ctx context.Context) (*ginauth.Auth, error) {
	return auto.New(ctx, func(c *ginauth.Config) { // or GINAUTH_TRUSTED_PROXIES=10.0.0.0/8
		c.TrustedProxies = []string{"10.0.0.0/8"}
	})
}

// Several prefixes
func prefixes(c *ginauth.Config) {
	c.KeyPrefix = "acme"                        // of new keys
	c.RetiredKeyPrefixes = []string{"ga", "ak"} // keys with these stay valid
}

// Revoke from Go
func revoke(ctx context.Context, auth *ginauth.Auth, leaked string) error {
	_, err := auth.Keys().Revoke(ginauth.WithActor(ctx, "leak-scanner"), keys.ByKey(leaked))
	if problem.Is(err, "key_not_found") {
		return nil // it was never one of ours
	}
	return err // nil: it is refused from now on
}

// Sign up from Go
func signUp(ctx context.Context, auth *ginauth.Auth, name, email, password string) (string, error) {
	issued, err := auth.Users().Register(ginauth.WithActor(ctx, "signup"),
		users.RegisterParams{Username: name, Email: email, Password: password})
	return issued.Key, err
}

// An existing *gorm.DB
func existing(ctx context.Context, db *gorm.DB, secret string) (*ginauth.Auth, error) {
	repo, err := sqlite.Use(ctx, db) // or postgres.Use, mysql.Use, mongodb.Use
	if err != nil {
		return nil, err
	}
	return ginauth.New(repo, ginauth.Config{Secrets: []string{secret}})
}

// A gRPC call, a message or a job
func checkCall(ctx context.Context, auth *ginauth.Auth, key, method, address string) error {
	_, err := auth.Check(ctx, ginauth.Attempt{Key: key, Route: method, Address: address})
	return err // a *problem.Error: kind unauthenticated, limited or unavailable
}

func listOrders(c *gin.Context) { c.Status(http.StatusNoContent) }
