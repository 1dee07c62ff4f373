package postgres

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ginauth/ginauth/repository/internal/uris"
)

var errURI = errors.New("the URI cannot be understood; it should look like postgresql://user:password@host:5432/name, and signs in the password are percent-encoded (%23 for #)")

// parse reads a URI, or libpq's form of names and values, and the way of asking that it
// names, if any.
func parse(uri string) (config *pgx.ConnConfig, mode string, err error) {
	switch uris.Scheme(uri) {
	case "postgres", "postgresql":
		_, rest, _ := strings.Cut(uri, "://")
		uri = "postgresql://" + rest
	case "":
	default:
		return nil, "", errURI
	}
	config, err = pgx.ParseConfig(uri)
	if err != nil {
		return nil, "", explain(uri)
	}
	for _, name := range slices.Sorted(maps.Keys(config.RuntimeParams)) {
		if err := equivalents().Refuse(name); err != nil {
			return nil, "", err
		}
	}
	if located, err := url.Parse(uri); err == nil {
		attributes := located.Query().Get("target_session_attrs")
		if slices.Contains([]string{"read-only", "standby", "prefer-standby"}, attributes) {
			return nil, "", fmt.Errorf("target_session_attrs=%s looks for a server that takes no writes; use read-write or primary, or leave it out", attributes)
		}
	}
	config.ValidateConnect = requireWritable
	if raw, err := pgconn.ParseConfig(uri); err == nil {
		mode = raw.RuntimeParams["default_query_exec_mode"]
	}
	return config, mode, nil
}

// explain finds the parameter for which a URI cannot be read. The parser's own error
// may quote a password.
func explain(uri string) error {
	located, err := url.Parse(uri)
	if err != nil {
		return errURI
	}
	modes := []string{"", "disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
	if query := located.Query(); !slices.Contains(modes, query.Get("sslmode")) {
		return errors.New("the URI sets sslmode to something that is none of disable, allow, prefer, require, verify-ca and verify-full")
	}
	return errURI
}

// equivalents are parameters of other libraries and databases, which PostgreSQL would
// take for settings of the session.
func equivalents() uris.Equivalents {
	const (
		tls    = "write sslmode=require, or sslmode=verify-full to have the certificate checked"
		schema = "write search_path in its place"
		none   = "leave it out"
		utf8   = "leave it out; text is always UTF-8"
		wait   = "write connect_timeout in its place, in seconds"
	)
	return uris.Equivalents{
		"ssl_mode": tls, "usessl": tls, "ssl": tls, "tls": tls, "sslaccept": tls, "requiressl": tls, "ssl_ca": "write sslrootcert in its place",
		"schema": schema, "currentschema": schema, "charset": utf8, "encoding": utf8,
		"timeout": wait, "connecttimeout": wait, "logintimeout": wait, "username": "write user in its place", "db": "write dbname in its place",
		"applicationname": "write application_name in its place", "prepared_statements": none, "prepared_statement_cache_size": none,
		"statement_cache_size": none, "socket_timeout": none, "sockettimeout": none, "gssencmode": none, "sslcompression": none,
		"keepalives": none, "keepalives_idle": none, "keepalives_interval": none, "keepalives_count": none, "tcp_user_timeout": none,
		"async_fallback": none, "server_settings": none, "driver": none, "autocommit": none, "parsetime": none, "loc": none,
	}
}

// refusedParameter says that the server or a pooler does not know a parameter, which it
// names.
func refusedParameter(err error) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || (refused.Code != undefinedObject && refused.Code != protocolViolation) {
		return err
	}
	return fmt.Errorf("the URI sets a parameter that the server does not know; correct its name or leave it out: %w", err)
}
