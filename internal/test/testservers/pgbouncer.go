package testservers

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgconn"
)

// Pooler is a PgBouncer that gives each transaction of a client one of a
// server's sessions.
type Pooler struct {
	*Server
	file, session, settings string
}

// poolerSettings are the usual ones; everybody is let in.
const poolerSettings = `[databases]
* = host=%s port=%s %s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %s
unix_socket_dir =
auth_type = any
admin_users = postgres
pool_mode = transaction
max_client_conn = 400
default_pool_size = 20
`

// StartPooler starts a pooler in front of a PostgreSQL server. Session is what
// its section [databases] says of the server's sessions, the user at least, and
// settings are further lines of its section [pgbouncer]. The caller stops it.
func StartPooler(ctx context.Context, uri, session, settings string) (*Pooler, error) {
	p := &Pooler{session: session, settings: settings}
	server, err := start(ctx, func(_ context.Context, folder, port string) (string, command, error) {
		return p.prepare(uri, folder, port)
	})
	if err != nil {
		return nil, fmt.Errorf("starting PgBouncer: %w", err)
	}
	p.Server = server
	return p, nil
}

func (p *Pooler) prepare(target, folder, port string) (uri string, c command, err error) {
	program, err := find("pgbouncer", "/usr/sbin/pgbouncer")
	if err != nil {
		return "", command{}, err
	}
	if err := makeFolder(folder); err != nil {
		return "", command{}, err
	}
	p.file = filepath.Join(folder, "pgbouncer.ini")
	located, err := p.write(target, port)
	if err != nil {
		return "", command{}, err
	}
	located.Host, located.User, located.RawQuery = net.JoinHostPort("127.0.0.1", port), url.UserPassword("postgres", "postgres"), ""
	return located.String(), command{folder, program, []string{p.file}}, nil
}

// write writes the file that leads to a server, whose parsed URI it returns.
func (p *Pooler) write(target, port string) (*url.URL, error) {
	located, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf(poolerSettings, located.Hostname(), located.Port(), p.session, port) + p.settings + "\n"
	return located, os.WriteFile(p.file, []byte(text), 0o644)
}

// PointTo leads the pooler's clients, those that are connected too, to another
// server from the end of their transactions on.
func (p *Pooler) PointTo(ctx context.Context, uri string) error {
	_, port, err := net.SplitHostPort(p.address)
	if err != nil {
		return err
	}
	if _, err := p.write(uri, port); err != nil {
		return err
	}
	console, err := pgconn.Connect(ctx, "postgresql://postgres@"+p.address+"/pgbouncer?sslmode=disable")
	if err != nil {
		return err
	}
	defer func() { _ = console.Close(ctx) }()
	for _, statement := range []string{"RELOAD", "RECONNECT", "WAIT_CLOSE"} {
		if _, err := console.Exec(ctx, statement).ReadAll(); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
