package auto

import (
	"errors"
	"fmt"
	"regexp"
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

// form is how connection strings of a mode begin, as libraries, hosts and tools hand
// them out. The repositories read what follows.
type form struct {
	mode   mode
	begin  *regexp.Regexp
	sample string
}

func forms() []form {
	return []form{
		{
			modePostgres, regexp.MustCompile(`(?i)^postgres(ql)?(\+[a-z0-9_]+)?://|^(host|hostaddr|port|user|password|dbname|service|sslmode|connect_timeout|application_name|target_session_attrs)\s*=`),
			"postgresql://user:password@host:5432/name",
		},
		{
			modeMySQL, regexp.MustCompile(`(?i)^(mysql|mariadb)(\+[a-z0-9_]+)?://|^[^/]*(tcp|unix)\([^)]*\)/`),
			"mysql://user:password@host:3306/name",
		},
		{modeMongoDB, regexp.MustCompile(`(?i)^mongodb(\+srv)?://`), "mongodb://user:password@host:27017/name"},
		{modeSQLite, regexp.MustCompile(`(?i)^(sqlite3?(\+[a-z0-9_]+)?:|file:)`), ""},
	}
}

// mode returns the mode of a connection string; empty if it is of none.
func (u uri) mode() mode {
	for _, form := range forms() {
		if form.begin.MatchString(string(u)) {
			return form.mode
		}
	}
	return ""
}

// Decode implements envconfig.Decoder. The value may hold a password. The rest
// is for the database's own parser, since URIs of several hosts differ.
func (u *uri) Decode(value string) error {
	*u = uri(value)
	switch u.mode() {
	case modeSQLite:
		return errors.New("names a server; the file of SQLite is what " + prefix + "_DB_LOCATION says")
	case "":
		return explainForm(value)
	default:
		return nil
	}
}

// explainForm says how a connection string must look instead.
func explainForm(value string) error {
	if trimmed := strings.Trim(value, `"' `); trimmed != value && uri(trimmed).mode() != "" {
		return errors.New("begins or ends with a quote or a space; leave it out")
	}
	scheme, _, isURI := strings.Cut(strings.ToLower(value), "://")
	samples := map[string]int{"pg": 0, "postg": 0, "psql": 0, "mysql": 1, "maria": 1, "mongo": 2}
	scheme, isJava := strings.CutPrefix(scheme, "jdbc:")
	for begin, n := range samples {
		switch {
		case !isURI || !strings.HasPrefix(scheme, begin):
		case isJava:
			return errors.New("is a URL for Java; leave out jdbc: and write user and password before the host, such as " + forms()[n].sample)
		default:
			return errors.New("must be like " + forms()[n].sample)
		}
	}
	return errors.New("must be the URI of a PostgreSQL, MySQL or MongoDB server, such as " + forms()[0].sample)
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
