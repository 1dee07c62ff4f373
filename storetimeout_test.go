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

// hangingRepository is a server that is there and does not answer, but for
// knowing that there is no such user, if it is to.
type hangingRepository struct {
	repository.Repository
	knowsUsers bool
}

func (hangingRepository) hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func (r hangingRepository) UserByUsername(ctx context.Context, _ string) (models.User, error) {
	if r.knowsUsers {
		return models.User{}, repository.ErrNotFound
	}
	return models.User{}, r.hang(ctx)
}

func (r hangingRepository) UserByEmail(ctx context.Context, canonical string) (models.User, error) {
	return r.UserByUsername(ctx, canonical)
}

func (r hangingRepository) CreateUser(ctx context.Context, _ repository.Attribution, _ models.User, _ models.APIKey) error {
	return r.hang(ctx)
}

func (r hangingRepository) CreateKey(ctx context.Context, _ repository.Attribution, _ models.APIKey, _ repository.CreateKeyOptions) error {
	return r.hang(ctx)
}

func (r hangingRepository) LatestChange(ctx context.Context) (repository.Cursor, error) {
	return repository.Cursor{}, r.hang(ctx)
}

func (r hangingRepository) Clock(ctx context.Context) (time.Time, error) {
	return time.Time{}, r.hang(ctx)
}

func (r hangingRepository) PruneChanges(ctx context.Context) (more bool, err error) {
	return false, r.hang(ctx)
}

func (hangingRepository) Close() error { return nil }

// A store that is silent keeps nobody who wants a key waiting for longer than
// anybody else: five seconds.
func TestCallsTimeOutOnAStoreThatHangs(t *testing.T) {
	const user = `{"username":"ada","email":"ada@example.com","password":"` + password + `"}`
	for name, test := range map[string]struct {
		repo hangingRepository
		body string
	}{
		"service":  {hangingRepository{}, `{"name":"service"}`},
		"user":     {hangingRepository{}, user},
		"new user": {hangingRepository{knowsUsers: true}, user},
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
