package mysql

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	driver "github.com/go-sql-driver/mysql"

	"github.com/ginauth/ginauth/repository/internal/uris"
)

// parse makes the driver's configuration of a URI, or of the driver's own form. Updates
// count the rows that they find, not those that they change, or a repeated change would
// look like an unknown key.
func parse(uri string) (*driver.Config, error) {
	switch uris.Scheme(uri) {
	case "mysql", "mariadb":
		return parseURI(uri)
	case "":
		return parseDSN(uri)
	default:
		return nil, badURI()
	}
}

func parseURI(uri string) (*driver.Config, error) {
	parsed, err := url.Parse(uri)
	if err != nil {
		return nil, badURI()
	}
	query, err := url.ParseQuery(parsed.RawQuery)
	if err != nil {
		return nil, badURI()
	}
	socket := takeSocket(query)
	if parsed.Hostname() == "" && socket == "" {
		return nil, badURI()
	}
	if err := checkParameters(query); err != nil {
		return nil, err
	}
	config, err := driver.ParseDSN("/?" + query.Encode())
	if err != nil {
		return nil, badValue(query)
	}
	config.Net, config.Addr = "tcp", net.JoinHostPort(parsed.Hostname(), cmp.Or(parsed.Port(), "3306"))
	if socket != "" {
		config.Net, config.Addr = "unix", socket
	}
	config.User = parsed.User.Username()
	config.Passwd, _ = parsed.User.Password()
	config.DBName = strings.TrimPrefix(parsed.Path, "/")
	return complete(config, query)
}

// badValue names the parameter whose value the driver does not take.
func badValue(query url.Values) error {
	bad := uris.FindBad(query, func(name, value string) bool {
		_, err := driver.ParseDSN("/?" + url.Values{name: {value}}.Encode())
		return err == nil
	})
	if !slices.Contains(driverParameters(), bad) {
		return badURI()
	}
	return fmt.Errorf("the URI sets %s to a value that the driver does not take; durations are like 5s, tls is true, skip-verify or false", bad)
}

// takeSocket takes the unix socket out of the parameters, under the names that libraries
// have for it.
func takeSocket(query url.Values) (path string) {
	for _, name := range []string{"unix_socket", "socket", "unixSocket", "socketPath"} {
		path = cmp.Or(path, query.Get(name))
		query.Del(name)
	}
	return path
}

// parseDSN reads user:password@tcp(host:3306)/name, as the driver and GORM write it.
func parseDSN(dsn string) (*driver.Config, error) {
	slash := strings.LastIndex(dsn, "/")
	config, err := driver.ParseDSN(dsn)
	if slash < 0 || !regexp.MustCompile(`(tcp|unix)\([^)]+\)/`).MatchString(dsn) {
		return nil, badURI()
	}
	_, text, _ := strings.Cut(dsn[slash:], "?")
	query, queryErr := url.ParseQuery(text)
	if queryErr != nil {
		return nil, badURI()
	}
	if err := checkParameters(query); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, badValue(query)
	}
	return complete(config, query)
}

// complete leaves the size of packets to the server, unless the URI says it.
func complete(config *driver.Config, query url.Values) (*driver.Config, error) {
	if config.DBName == "" {
		return nil, errors.New("the URI names no database; it should look like mysql://user:password@host:3306/name")
	}
	if !query.Has("maxAllowedPacket") {
		config.MaxAllowedPacket = 0
	}
	return relied(config), nil
}

// badURI stands for every error of the parsers, which may quote a password.
func badURI() error {
	return errors.New("the URI cannot be understood; it should look like mysql://user:password@host:3306/name, and signs in the password are percent-encoded (%23 for #)")
}

// checkParameters refuses what would make a session another one than ginauth
// relies on. The errors name parameters that are known here, and no value: one
// that was mistyped may be a password.
func checkParameters(query url.Values) error {
	for _, name := range slices.Sorted(maps.Keys(query)) {
		for _, value := range query[name] {
			if err := checkParameter(name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkParameter(name, value string) error {
	lower := strings.ToLower(name)
	agreed, isSet := setParameters()[lower]
	switch {
	case slices.Contains(driverParameters(), name):
		return nil
	case isSet && slices.Contains(agreed, strings.ToLower(strings.Trim(value, `'"`))):
		return nil
	case isSet:
		return fmt.Errorf("the URI sets %s, which ginauth sets by itself; remove it from the URI", lower)
	case slices.Contains(timeoutParameters(), lower) && isNumber(value):
		return nil
	default:
		return unknownParameter(name)
	}
}

func isNumber(text string) bool { return regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`).MatchString(text) }

// unknownParameter names a parameter only if it looks like a variable's name.
func unknownParameter(name string) error {
	for _, known := range driverParameters() {
		if strings.EqualFold(known, name) {
			return fmt.Errorf("the URI sets %s, which the driver writes %s", name, known)
		}
	}
	lower := strings.ToLower(name)
	if !regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`).MatchString(lower) {
		return badURI()
	}
	if err := equivalents().Refuse(lower); err != nil {
		return err
	}
	return fmt.Errorf("the URI sets %s, which may be neither an option of the driver nor safe; remove it from the URI, or set it on the server", lower)
}

// equivalents are parameters of other libraries and databases.
func equivalents() uris.Equivalents {
	const (
		tls    = "write tls=true, tls=skip-verify to leave the certificate unchecked, or tls=false"
		schema = "the path names the database, as in mysql://user:password@host:3306/name"
		none   = "leave it out"
	)
	return uris.Equivalents{
		"ssl_mode": tls, "sslmode": tls, "usessl": tls, "ssl": tls, "requiressl": tls, "sslaccept": tls, "verifyservercertificate": tls,
		"ssl_ca": tls, "ssl_verify_cert": tls, "ssl_verify_identity": tls, "trustservercertificate": "write tls=skip-verify in its place",
		"schema": schema, "currentschema": schema, "database": schema, "dbname": schema, "db": schema,
		"connect_timeout": "write timeout in its place, such as timeout=5s", "connecttimeout": "write timeout in its place, such as timeout=5s",
		"read_timeout": "write readTimeout in its place", "write_timeout": "write writeTimeout in its place",
		"sockettimeout": "write readTimeout in its place", "allowpublickeyretrieval": none, "charset_name": none, "autoreconnect": none,
	}
}

// driverParameters are options of the driver that change nothing of what a
// session answers.
func driverParameters() []string {
	return []string{
		"allowAllFiles", "allowCleartextPasswords", "allowFallbackToPlaintext", "allowNativePasswords", "allowOldPasswords",
		"compress", "connectionAttributes", "interpolateParams", "loc", "maxAllowedPacket", "multiStatements", "parseTime",
		"readTimeout", "rejectReadOnly", "serverPubKey", "timeout", "timeTruncate", "tls", "writeTimeout",
	}
}

// timeoutParameters are variables of the server that operators may choose for
// ginauth's connections. A call that is cut short fails as a whole.
func timeoutParameters() []string {
	return []string{"max_execution_time", "max_statement_time", "net_read_timeout", "net_write_timeout"}
}

// setParameters are what ginauth sets by itself, and the values that agree.
func setParameters() map[string][]string {
	on, off := []string{"1", "on", "true"}, []string{"0", "off", "false"}
	level := []string{"repeatable-read"}
	return map[string][]string{
		"autocommit": on, "charset": {"utf8mb4", "utf8mb4,utf8"}, "checkconnliveness": on, "clientfoundrows": on,
		"collation": {"utf8mb4_bin", "utf8mb4_general_ci", "utf8mb4_unicode_ci", "utf8mb4_0900_ai_ci"}, "columnswithalias": off,
		"completion_type": {"0", "no_chain"}, "foreign_key_checks": on, "innodb_lock_wait_timeout": nil, "lock_wait_timeout": nil,
		"sql_mode": nil, "time_zone": {"+00:00", "utc"}, "transaction_isolation": level, "transaction_read_only": off,
		"tx_isolation": level, "tx_read_only": off, "unique_checks": on, "wait_timeout": nil, "wsrep_dirty_reads": off,
		"wsrep_sync_wait": {"1"},
	}
}
