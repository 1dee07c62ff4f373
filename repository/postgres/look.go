package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ginauth/ginauth/repository/internal/uris"
)

// looked is what was found out about the way to the server.
type looked struct {
	config *pgx.ConnConfig
	// pooled says that there is a pooler, so that each transaction may reach
	// another of the server's sessions.
	pooled bool
}

// look makes the first connection and finds out what the others must be like.
func look(ctx context.Context, config *pgx.ConnConfig, mode string) (looked, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, config, err := introduce(ctx, config)
	if err != nil {
		return looked{}, fmt.Errorf("connecting: %w", uris.ExplainDNS(refusedParameter(err)))
	}
	defer hangUp(conn)
	session, err := readSession(ctx, conn)
	if err != nil {
		return looked{}, fmt.Errorf("connecting: %w", err)
	}
	if session.pid == conn.PgConn().PID() {
		return looked{config, false}, nil
	}
	return looked{config, true}, adapt(ctx, config, mode, session)
}

// introduce connects with as many parameters as are taken: PgBouncer refuses
// those that it does not know, and so do servers.
func introduce(ctx context.Context, config *pgx.ConnConfig) (conn *pgx.Conn, used *pgx.ConnConfig, err error) {
	plain, full, newer := parameters()
	for _, sets := range [][]map[string]string{{plain, full, newer}, {plain, full}, {plain}} {
		used = withParameters(config, sets...)
		conn, err = pgx.ConnectConfig(ctx, used)
		if code := codeFrom(err); code != undefinedObject && code != protocolViolation {
			break
		}
	}
	return conn, used, err
}

// session is a session of the server.
type session struct {
	pid         uint32
	byteaOutput string
}

func readSession(ctx context.Context, conn *pgx.Conn) (session, error) {
	results, err := conn.PgConn().Exec(ctx, "SELECT pg_backend_pid(), current_setting('bytea_output')").ReadAll()
	if err != nil {
		return session{}, err
	}
	row := results[0].Rows[0]
	pid, err := strconv.ParseUint(string(row[0]), 10, 32)
	return session{uint32(pid), string(row[1])}, err
}

// adapt makes the connections fit for a pooler, which may lead each transaction
// to another session: what was prepared in one is not there in the next. A way
// of asking that the URI names is tried.
func adapt(ctx context.Context, config *pgx.ConnConfig, mode string, session session) error {
	switch mode {
	case "":
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
		config.StatementCacheCapacity, config.DescriptionCacheCapacity = 0, 0
	case "cache_statement", "describe_exec":
		if keepsStatements(ctx, config) {
			return nil
		}
		return fmt.Errorf("there is a connection pooler that loses prepared statements, so default_query_exec_mode=%s cannot work: "+
			"leave default_query_exec_mode out of the URI, or set it to exec", mode)
	}
	if session.byteaOutput != "hex" && mode != "cache_describe" {
		return fmt.Errorf("there is a connection pooler, and bytea_output is %q for this role or database: set it to hex there, "+
			"as with ALTER ROLE ... SET bytea_output = 'hex'", session.byteaOutput)
	}
	return nil
}

// pinTimeout is how long a pooler may take to give a second client a session; it
// never does where the only one belongs to the first.
const pinTimeout = 3 * time.Second

// keepsStatements finds out whether two clients can prepare statements of the
// same name, and still have them. It fails only where they share a session,
// which a pooler lets idle clients do.
func keepsStatements(ctx context.Context, config *pgx.ConnConfig) bool {
	ctx, cancel := context.WithTimeout(ctx, pinTimeout)
	defer cancel()
	var clients [2]*pgx.Conn
	for i := range clients {
		conn, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			return true // the first use will tell
		}
		defer hangUp(conn)
		clients[i] = conn
	}
	for range 2 {
		name := fmt.Sprintf("ginauth_%x", rand.Uint64()) //nolint:gosec // it only has to differ
		for _, conn := range clients {
			if losesStatement(ctx, conn.PgConn(), name) {
				return false
			}
		}
	}
	return true
}

// losesStatement prepares a statement, and reports whether another has it or it
// is not there afterwards.
func losesStatement(ctx context.Context, conn *pgconn.PgConn, name string) bool {
	_, err := conn.Prepare(ctx, name, "SELECT 1", nil)
	if err == nil {
		err = conn.ExecPrepared(ctx, name, nil, nil, nil).Read().Err
	}
	code := codeFrom(err)
	if code == duplicateStatement { // it would be left in the shared session
		_, _ = conn.Exec(ctx, "DEALLOCATE "+name).ReadAll()
	}
	return code == duplicateStatement || code == unknownStatement
}
