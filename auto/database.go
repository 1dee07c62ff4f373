package auto

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

type mode string

const (
	modeSQLite   mode = "sqlite"
	modePostgres mode = "postgres"
	modeMySQL    mode = "mysql"
	modeMongoDB  mode = "mongodb"
)

// Decode implements envconfig.Decoder.
func (m *mode) Decode(value string) error {
	switch mode(value) {
	case modeSQLite, modePostgres, modeMySQL, modeMongoDB:
		*m = mode(value)
		return nil
	default:
		return errors.New("must be sqlite, postgres, mysql or mongodb")
	}
}

type uri string

// forms are how connection strings of each mode begin, as libraries, hosts and tools
// hand them out. The repositories read what follows.
func forms() map[mode]*regexp.Regexp {
	return map[mode]*regexp.Regexp{
		modePostgres: regexp.MustCompile(`(?i)^postgres(ql)?(\+[a-z0-9_]+)?://|^\s*(host|hostaddr|port|user|password|dbname|service|sslmode)\s*=`),
		modeMySQL:    regexp.MustCompile(`(?i)^(mysql|mariadb)(\+[a-z0-9_]+)?://|^[^/@]*(:.*)?@?(tcp|unix)\([^)]*\)/`),
		modeMongoDB:  regexp.MustCompile(`(?i)^mongodb(\+srv)?://`),
		modeSQLite:   regexp.MustCompile(`(?i)^(sqlite3?(\+[a-z0-9_]+)?:|file:)`),
	}
}

// mode returns the mode of a connection string; empty if it is of none.
func (u uri) mode() mode {
	for mode, form := range forms() {
		if form.MatchString(string(u)) {
			return mode
		}
	}
	return ""
}

// Decode implements envconfig.Decoder. The value may hold a password. The rest
// is for the database's own parser, since URIs of several hosts differ.
func (u *uri) Decode(value string) error {
	const sample = "such as postgresql://user:password@host:5432/name" //nolint:gosec // a pattern
	*u = uri(value)
	switch u.mode() {
	case modeSQLite:
		return errors.New("names a server; the file of SQLite is what " + prefix + "_DB_LOCATION says")
	case "":
		if scheme, _, ok := strings.Cut(value, "://"); ok && slices.Contains([]string{"jdbc:postgresql", "jdbc:mysql", "jdbc:mariadb"}, scheme) {
			return errors.New("is a URL for Java; leave out jdbc: and write user and password before the host, " + sample)
		}
		return errors.New("must be the URI of a PostgreSQL, MySQL or MongoDB server, " + sample)
	default:
		return nil
	}
}

// chooseMode takes the mode from the URI, unless DATABASE_MODE says it, and refuses two
// that disagree: the keys would go where nobody looks for them.
func (e *environment) chooseMode() error {
	implied := e.URI.mode()
	switch {
	case e.DatabaseMode == "" && implied == "":
		e.DatabaseMode = modeSQLite
	case e.DatabaseMode == "":
		e.DatabaseMode = implied
	case implied != "" && e.DatabaseMode != implied:
		return fmt.Errorf("%s is %s, but %s is that of a %s database: change one of them, or leave out %s",
			setName("DATABASE_MODE"), e.DatabaseMode, e.uriName(), implied, setName("DATABASE_MODE"))
	}
	return nil
}

// uriName returns the name of the variable that says where the database is.
func (e *environment) uriName() string {
	if e.URIFile != "" {
		return setName("URI_FILE")
	}
	return setName("URI")
}
