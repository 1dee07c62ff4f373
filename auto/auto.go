// Package auto makes a ginauth.Auth from environment variables and .env, so
// that an application needs no configuration code. It is the one package that
// names every database driver, and a mailer. The build tags ginauth_nosqlite,
// ginauth_nopostgres, ginauth_nomysql and ginauth_nomongodb leave drivers out.
package auto

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/ginauth/ginauth"
	"github.com/ginauth/ginauth/auto/internal/drivers"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// New returns an Auth as the environment and the file .env in the working
// directory say; where both set a variable, the environment wins. The
// variables are described in .env.example. Values that cannot be understood,
// set but empty ones among them, and a database that cannot be used make New
// fail with a sentence that names the variable and holds no secret.
//
// Variables of .env that the environment lacks are added to it, as is usual,
// so that the application may keep its own there too.
//
// Without GINAUTH_SECRET a strong one is generated and logged once. Mail is
// logged, and with it the tokens in its links, if GINAUTH_MAILER is log, or
// under DEV_MODE if it is not set. Those are the only secrets that ginauth ever
// logs, each with a warning.
//
// The functions in adjust see the configuration last and set the rest of it, such
// as Config.KeySources.
func New(ctx context.Context, adjust ...func(*ginauth.Config)) (*ginauth.Auth, error) {
	env, err := readEnvironment()
	config := env.config()
	if err == nil {
		err = env.setAccounts(&config)
	}
	for _, change := range adjust {
		change(&config)
	}
	logger := cmp.Or(config.Logger, slog.Default())
	warnOfUnknown(logger) // first: a mistyped name may be why the start fails
	if err == nil {
		err = checkMail(config)
	}
	if err != nil {
		return nil, fmt.Errorf("ginauth: %w", err)
	}
	nameLogger(&config, logger)
	return open(ctx, env, config, logger)
}

// open opens the database and returns the Auth over it.
func open(ctx context.Context, env environment, config ginauth.Config, logger *slog.Logger) (*ginauth.Auth, error) {
	generated := generateSecret(&config)
	if err := config.Validate(); err != nil {
		return nil, err
	}
	repo, err := openRepository(ctx, env, logger)
	if err != nil {
		return nil, fmt.Errorf("ginauth: %w", err)
	}
	auth, err := ginauth.New(repo, config)
	if err != nil {
		return nil, errors.Join(err, repo.Close())
	}
	if generated != "" {
		showSecret(logger, generated)
	}
	return auth, nil
}

// showSecret logs a generated secret. On the terminal it stands between two lines, since
// Gin prints many more in a moment.
func showSecret(logger *slog.Logger, secret string) {
	line := func() {
		if logger == slog.Default() {
			_, _ = fmt.Fprintf(os.Stderr, "\n%s\n\n", strings.Repeat("=", 78))
		}
	}
	line()
	logger.Warn("GINAUTH_SECRET is not set: this admin secret was generated, and every process and restart has another", "secret", secret)
	line()
}

// generateSecret makes a secret for this run, if none is configured, and
// returns it, since nobody could use the admin calls without knowing it.
func generateSecret(config *ginauth.Config) string {
	if len(config.Secrets) > 0 {
		return ""
	}
	secret := security.NewSecret()
	config.Secrets = []string{secret}
	return secret
}

// openRepository opens the database that the environment names, and no other:
// nothing falls back.
func openRepository(ctx context.Context, env environment, logger *slog.Logger) (repository.Repository, error) {
	if env.DevMode.value && env.DatabaseMode != modeSQLite {
		logger.Warn("DEV_MODE is true: the sqlite file is used in place of the database that DATABASE_MODE names",
			"database_mode", string(env.DatabaseMode), "file", string(env.DBLocation))
	}
	if env.DevMode.value || env.DatabaseMode == modeSQLite {
		repo, err := drivers.OpenSQLite(ctx, string(env.DBLocation), env.options()...)
		return repo, naming("GINAUTH_DB_LOCATION", err)
	}
	repo, err := openServer(ctx, env)
	return repo, naming(env.uriName(), err)
}

// options are what the environment says of the database beside its place.
func (e environment) options() (all []repository.Option) {
	if e.MaxConnections != 0 {
		all = append(all, repository.MaxConnections(int(e.MaxConnections)))
	}
	if e.DBAllowShared.value {
		all = append(all, repository.AllowSharedFile())
	}
	return all
}

// openServer opens the database at URI, or where its mode expects it.
func openServer(ctx context.Context, env environment) (repository.Repository, error) {
	switch env.DatabaseMode {
	case modePostgres:
		return drivers.OpenPostgres(ctx, cmp.Or(string(env.URI), "postgresql://postgres:postgres@localhost:5432/postgres"), env.options()...)
	case modeMySQL:
		return drivers.OpenMySQL(ctx, cmp.Or(string(env.URI), "mysql://root:mysql@localhost:3306/ginauth"), env.options()...)
	case modeMongoDB:
		return drivers.OpenMongoDB(ctx, cmp.Or(string(env.URI), "mongodb://localhost:27017/ginauth"), env.options()...)
	default:
		return nil, fmt.Errorf("%s: %q needs no server", setName("DATABASE_MODE"), env.DatabaseMode)
	}
}

// naming says which variable an error is about.
func naming(variable string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", variable, err)
}
