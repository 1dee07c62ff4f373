package auto_test

import (
	"os"
	"testing"
)

// The mode is that of the URI, and two that disagree are refused: nothing is stored
// where nobody looks for it.
func TestModeFromURI(t *testing.T) {
	for uri, wants := range map[string]string{
		"postgres://u:hunter2@127.0.0.1:1/x":                "connecting",
		"postgresql+asyncpg://u:hunter2@127.0.0.1:1/x":      "connecting",
		"postgresql+psycopg2://u:hunter2@127.0.0.1:1/x":     "connecting",
		"host=127.0.0.1 port=1 user=u password=hunter2":     "connecting",
		"mysql://u:hunter2@127.0.0.1:1/x":                   "connecting",
		"mariadb://u:hunter2@127.0.0.1:1/x":                 "connecting",
		"mysql+pymysql://u:hunter2@127.0.0.1:1/x":           "connecting",
		"u:hunter2@tcp(127.0.0.1:1)/x":                      "connecting",
		"sqlite:///hunter2.db":                              "GINAUTH_DB_LOCATION",
		"file:hunter2.db":                                   "GINAUTH_DB_LOCATION",
		"jdbc:postgresql://127.0.0.1/x?password=hunter2":    "for Java",
		`"postgres://u:hunter2@127.0.0.1:1/x"`:              "leave it out",
		" postgres://u:hunter2@127.0.0.1:1/x":               "leave it out",
		"connect_timeout=2 host=127.0.0.1 port=1 user=u":    "connecting",
		"adm@srv:hunter2@tcp(127.0.0.1:1)/x":                "connecting",
		"postgresql://u:tcp(x)@127.0.0.1:1/x":               "connecting",
		"host=127.0.0.1 port=1 user=u password=a://hunter2": "connecting",
		"mysql2://u:hunter2@127.0.0.1/x":                    "mysql://user:password@host:3306/name",
		"pgsql://u:hunter2@127.0.0.1/x":                     "postgresql://user:password@host:5432/name",
		"redis://127.0.0.1/hunter2":                         "PostgreSQL, MySQL or MongoDB",
		"https://127.0.0.1/hunter2":                         "PostgreSQL, MySQL or MongoDB",
	} {
		t.Run(uri, func(t *testing.T) {
			clean(t)
			setenv(t, "URI="+uri)
			expectRefusal(t, "URI", "hunter2")
			expectSentence(t, wants, "hunter2")
			if _, err := os.Stat("sqlite.db"); err == nil {
				t.Error("there is an SQLite file")
			}
		})
	}
	for _, pairs := range [][]string{
		{"DATABASE_MODE=sqlite", "URI=postgres://u:hunter2@127.0.0.1/x"},
		{"DATABASE_MODE=mysql", "URI=postgres://u:hunter2@127.0.0.1/x"},
		{"GINAUTH_DATABASE_MODE=mongodb", "GINAUTH_URI=mariadb://u:hunter2@127.0.0.1/x"},
	} {
		clean(t)
		setenv(t, pairs...)
		expectSentence(t, "change one of them", "hunter2")
	}
}

// A parameter of another library is named with its equivalent, a host without address as
// a matter of DNS, and no server is asked to understand either.
func TestForeignParameters(t *testing.T) {
	for uri, wants := range map[string][]string{
		"postgres://u:hunter2@127.0.0.1:1/x?pgbouncer=true":                 {"pgbouncer", "leave it out"},
		"postgres://u:hunter2@127.0.0.1:1/x?schema=public":                  {"schema", "search_path"},
		"postgres://u:hunter2@127.0.0.1:1/x?ssl-mode=REQUIRED":              {"ssl-mode", "sslmode=require"},
		"postgres://u:hunter2@127.0.0.1:1/x?useSSL=true":                    {"useSSL", "sslmode=require"},
		"postgres://u:hunter2@127.0.0.1:1/x?connection_limit=5":             {"connection_limit", "GINAUTH_MAX_CONNECTIONS"},
		"postgres://u:hunter2@127.0.0.1:1/x?sslmode=REQUIRED":               {"sslmode", "verify-full"},
		"mysql://u:hunter2@127.0.0.1:1/x?ssl-mode=REQUIRED":                 {"ssl-mode", "tls=true"},
		"mysql://u:hunter2@127.0.0.1:1/x?sslmode=require":                   {"sslmode", "tls=true"},
		"mysql://u:hunter2@127.0.0.1:1/x?useSSL=true":                       {"usessl", "tls=true"},
		"mysql://u:hunter2@127.0.0.1:1/x?schema=public":                     {"schema", "path names the database"},
		"mysql://u:hunter2@127.0.0.1:1/x?pgbouncer=true":                    {"pgbouncer", "leave it out"},
		"mysql://u:hunter2@127.0.0.1:1/x?parsetime=true":                    {"parsetime", "parseTime"},
		"mysql://u:hunter2@127.0.0.1:1/x?serverTimezone=UTC":                {"servertimezone", "leave it out"},
		"mongodb://u:hunter2@127.0.0.1:1/x?sslmode=require":                 {"sslmode", "tls=true"},
		"mongodb://u:hunter2@127.0.0.1:1/x?ssl-mode=require":                {"ssl-mode", "tls=true"},
		"mongodb://u:hunter2@127.0.0.1:1/x?schema=x":                        {"schema", "path names the database"},
		"postgres://u:hunter2@127.0.0.1:1/x?connect_timeout=5s":             {"connect_timeout", "value"},
		"postgres://u:hunter2@127.0.0.1:1/x?sslrootcert=/missing":           {"sslrootcert", "file"},
		"postgres://u:hunter2@127.0.0.1:1/x?load_balance_hosts=random":      {"load_balance_hosts", "leave it out"},
		"host=127.0.0.1 port=1 user=u target_session_attrs=standby":         {"target_session_attrs=standby", "read-write"},
		"mysql://u:hunter2@127.0.0.1:1/x?timeout=5":                         {"timeout", "5s"},
		"mysql://u:hunter2@127.0.0.1:1/x?tls=required":                      {"tls", "skip-verify"},
		"mysql://u:hunter2@127.0.0.1:1/x?loc=Mars":                          {"loc", "value"},
		"mysql://u:hunter2@127.0.0.1:1/x?useSSL=false":                      {"usessl", "tls=false"},
		"mysql://u:hunter2@127.0.0.1:1/x?foo2=1":                            {"foo2"},
		"mysql://u:hunter2@127.0.0.1:1":                                     {"names no database"},
		"u:hunter2@tcp(127.0.0.1:1)/x?tls=required":                         {"tls", "skip-verify"},
		"mongodb://u:hunter2@127.0.0.1:1/x?tls=maybe":                       {"tls", "value"},
		"mongodb://u:hunter2@127.0.0.1:1/x?maxPoolSize=abc":                 {"maxPoolSize", "value"},
		"MongoDB://u:hunter2@no-such-host.invalid/x?connectTimeoutMS=500":   {"DNS does not resolve"},
		"postgres://u:hunter2@no-such-host.invalid/x":                       {"DNS does not resolve", "no-such-host.invalid"},
		"mysql://u:hunter2@no-such-host.invalid/x":                          {"DNS does not resolve", "no-such-host.invalid"},
		"mongodb://u:hunter2@no-such-host.invalid/x?connectTimeoutMS=500":   {"DNS does not resolve", "no-such-host.invalid"},
		"mongodb+srv://u:hunter2@no-such-host.invalid/x":                    {"DNS does not resolve", "no-such-host.invalid"},
		"mysql://u:hunter2@localhost/x?unix_socket=/no/such.sock":           {"/no/such.sock"},
		"u:hunter2@unix(/no/such.sock)/x":                                   {"/no/such.sock"},
		"postgresql://u:hunter2@/x?host=/no/such":                           {"/no/such/.s.PGSQL"},
		"postgresql+psycopg://u:hunter2@%2Fno%2Fsuch/x":                     {"/no/such/.s.PGSQL"},
		"postgres://u:hunter2@127.0.0.1:1/x?target_session_attrs=read-only": {"target_session_attrs"},
	} {
		t.Run(uri, func(t *testing.T) {
			clean(t)
			setenv(t, "URI="+uri)
			expectSentence(t, wants[0], "hunter2", wants[1:]...)
		})
	}
}
