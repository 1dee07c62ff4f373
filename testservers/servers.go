package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// startTimeout is how long a server may take until it accepts connections.
const startTimeout = 60 * time.Second

// server is a running server.
type server struct {
	uri     string
	process *process
}

func (s *server) stop() { s.process.stop() }

// start starts a server of the given kind below folder and waits until it
// accepts connections.
func start(ctx context.Context, database, folder string) (*server, error) {
	starters := map[string]func(context.Context, string, int) (*server, error){
		"postgres": startPostgres,
		"mysql":    startMySQL,
		"mongodb":  startMongoDB,
	}
	starter, ok := starters[database]
	if !ok {
		return nil, fmt.Errorf("is not postgres, mysql or mongodb")
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s, err := starter(ctx, filepath.Join(folder, database), port)
	if err != nil {
		return nil, err
	}
	if err := s.process.waitFor(ctx, port); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// startPostgres finds the binaries where Debian keeps them if they are not on
// the path.
func startPostgres(ctx context.Context, folder string, port int) (*server, error) {
	initdb, err := find("initdb", "/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	if err := makeFolder(folder); err != nil {
		return nil, err
	}
	if err := runQuietly(ctx, folder, initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"); err != nil {
		return nil, err
	}
	p, err := launch(ctx, folder, filepath.Join(filepath.Dir(initdb), "postgres"), "-D", data, "-p", strconv.Itoa(port),
		"-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300", "-c", "fsync=off")
	if err != nil {
		return nil, err
	}
	return &server{fmt.Sprintf("postgresql://postgres:postgres@127.0.0.1:%d/postgres", port), p}, nil
}

// startMySQL starts MariaDB or MySQL, whichever is there, with an account that
// may log in over TCP.
func startMySQL(ctx context.Context, folder string, port int) (*server, error) {
	install, err := find("mariadb-install-db", "/usr/bin/mariadb-install-db")
	if err != nil {
		return nil, err
	}
	daemon, err := find("mariadbd", "/usr/sbin/mariadbd")
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	if err := makeFolder(folder); err != nil {
		return nil, err
	}
	if err := runQuietly(ctx, folder, install, "--no-defaults", "--datadir="+data,
		"--auth-root-authentication-method=normal", "--skip-test-db"); err != nil {
		return nil, err
	}
	accounts := filepath.Join(folder, "accounts.sql")
	text := "CREATE USER tester@'127.0.0.1' IDENTIFIED BY 'tester';\nGRANT ALL ON *.* TO tester@'127.0.0.1';\n"
	if err := os.WriteFile(accounts, []byte(text), 0o644); err != nil {
		return nil, err
	}
	p, err := launch(ctx, folder, daemon, "--no-defaults", "--datadir="+data, "--port="+strconv.Itoa(port),
		"--bind-address=127.0.0.1", "--socket="+filepath.Join(folder, "socket"), "--init-file="+accounts,
		"--skip-name-resolve", "--max-connections=300", "--innodb-flush-log-at-trx-commit=2")
	if err != nil {
		return nil, err
	}
	return &server{fmt.Sprintf("mysql://tester:tester@127.0.0.1:%d/", port), p}, nil
}

// startMongoDB builds and starts FerretDB, which speaks MongoDB's protocol.
func startMongoDB(ctx context.Context, folder string, port int) (*server, error) {
	if err := makeFolder(folder); err != nil {
		return nil, err
	}
	binary := filepath.Join(folder, "ferretdb")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, ".")
	build.Dir = filepath.Join("testservers", "ferretdb")
	if text, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building FerretDB: %w\n%s", err, text)
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	p, err := launch(ctx, folder, binary, "-listen", address, "-dir", folder)
	if err != nil {
		return nil, err
	}
	return &server{"mongodb://" + address + "/", p}, nil
}
