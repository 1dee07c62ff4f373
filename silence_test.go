package ginauth_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// silentRepository is a server that is there and does not answer, but for
// knowing that there is no such user, if it is to.
type silentRepository struct {
	repository.Repository
	knowsUsers bool
}

func (silentRepository) silence(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func (r silentRepository) UserByUsername(ctx context.Context, _ string) (models.User, error) {
	if r.knowsUsers {
		return models.User{}, repository.ErrNotFound
	}
	return models.User{}, r.silence(ctx)
}

func (r silentRepository) UserByEmail(ctx context.Context, canonical string) (models.User, error) {
	return r.UserByUsername(ctx, canonical)
}

func (r silentRepository) CreateUser(ctx context.Context, _ repository.Attribution, _ models.User, _ models.APIKey) error {
	return r.silence(ctx)
}

func (r silentRepository) CreateKey(ctx context.Context, _ repository.Attribution, _ models.APIKey, _ repository.CreateKeyOptions) error {
	return r.silence(ctx)
}

func (r silentRepository) LatestChange(ctx context.Context) (repository.Cursor, error) {
	return repository.Cursor{}, r.silence(ctx)
}

func (r silentRepository) Clock(ctx context.Context) (time.Time, error) {
	return time.Time{}, r.silence(ctx)
}

func (r silentRepository) PruneChanges(ctx context.Context) (more bool, err error) {
	return false, r.silence(ctx)
}

func (silentRepository) Close() error { return nil }

// A store that is silent keeps nobody who wants a key waiting for longer than
// anybody else: five seconds.
func TestIssuingDoesNotWaitLongForASilentStore(t *testing.T) {
	const user = `{"username":"ada","email":"ada@example.com","password":"` + password + `"}`
	for name, test := range map[string]struct {
		repo silentRepository
		body string
	}{
		"service":  {silentRepository{}, `{"name":"service"}`},
		"user":     {silentRepository{}, user},
		"new user": {silentRepository{knowsUsers: true}, user},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				auth, err := ginauth.New(test.repo, ginauth.Config{Secrets: []string{secret}, Logger: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = auth.Close() }()
				a := &app{t: t, engine: gin.New()}
				auth.RegisterAdmin(a.engine.Group("/auth"))
				begin := time.Now()
				expectProblem(t, a.call("/auth/new", test.body), http.StatusServiceUnavailable, "store_unavailable", "")
				if waited := time.Since(begin); waited > 5*time.Second {
					t.Errorf("the answer comes after %v", waited)
				}
			})
		})
	}
}
