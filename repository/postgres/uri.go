package postgres

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
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
	if attributes := standbyAttributes.FindStringSubmatch(uri); attributes != nil {
		return nil, "", fmt.Errorf("target_session_attrs=%s looks for a server that takes no writes; use read-write or primary, or leave it out", attributes[1])
	}
	config.ValidateConnect = requireWritable
	if raw, err := pgconn.ParseConfig(uri); err == nil {
		mode = raw.RuntimeParams["default_query_exec_mode"]
	}
	return config, mode, nil
}

// standbyAttributes look for a server that takes no writes, in either form.
var standbyAttributes = regexp.MustCompile(`[?&\s]target_session_attrs\s*=\s*'?(read-only|standby|prefer-standby)\b`)

// explain finds the parameter for which a URI cannot be read. The parser's own error
// may quote a password.
func explain(uri string) error {
	located, err := url.Parse(uri)
	if err != nil {
		return errURI
	}
	switch bad := uris.FindBad(located.Query(), isAccepted); bad {
	case "":
		return errURI
	case "sslmode":
		return errors.New("the URI sets sslmode to something that is none of disable, allow, prefer, require, verify-ca and verify-full")
	default:
		return fmt.Errorf("the URI sets %s to a value that it does not take, or to a file that cannot be read", bad)
	}
}

func isAccepted(name, value string) bool {
	_, err := pgconn.ParseConfig("postgresql://localhost/?" + url.Values{name: {value}}.Encode())
	return err == nil
}

// equivalents are parameters of other libraries and databases, which PostgreSQL would
// take for settings of the session.
func equivalents() uris.Equivalents {
	const (
		tls    = "write sslmode=disable, sslmode=require, or sslmode=verify-full to have the certificate checked"
		schema = "write search_path in its place"
		none   = "leave it out"
		pooler = "leave it out; a connection pooler is recognised"
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
		"pgbouncer": pooler, "preparethreshold": none, "uselibpqcompat": none, "supa": none, "load_balance_hosts": none, "requirepeer": none,
		"sslcrl": none, "sslcrldir": none, "fallback_application_name": "write application_name in its place", "gsslib": none, "replication": none,
		"ssl_min_protocol_version": "write min_protocol_version in its place", "ssl_max_protocol_version": "write max_protocol_version in its place",
		"pool_max_conn_lifetime": none, "pool_max_conn_idle_time": none, "pool_health_check_period": none, "async_fallback": none, "server_settings": none, "driver": none, "autocommit": none, "parsetime": none, "loc": none,
	}
}

// refusedParameter says that the server or a pooler does not know a parameter, which it
// names.
func refusedParameter(err error) error {
	var refused *pgconn.PgError
	switch {
	case !errors.As(err, &refused):
		return err
	case refused.Code == undefinedObject, refused.Code == protocolViolation:
		return fmt.Errorf("the URI sets a parameter that the server does not know; correct its name or leave it out: %w", err)
	case refused.Code == invalidParameter:
		return fmt.Errorf("the URI sets a parameter to a value that the server does not take: %w", err)
	default:
		return err
	}
}
