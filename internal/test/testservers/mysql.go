package testservers

import (
	"context"
	"os"
	"path/filepath"
)

// accounts runs at each start; MariaDB wants one statement on a line.
const accounts = `CREATE USER IF NOT EXISTS tester@'127.0.0.1' IDENTIFIED BY 'tester';
GRANT ALL ON *.* TO tester@'127.0.0.1' WITH GRANT OPTION;
CREATE USER IF NOT EXISTS plain@'127.0.0.1' IDENTIFIED BY 'plain';
GRANT ALL ON ` + "`ginauth%`" + `.* TO plain@'127.0.0.1';
CREATE DATABASE IF NOT EXISTS ginauth;
`

// prepareMySQL starts MariaDB, with two accounts that may log in over TCP: that
// of the URI, and plain:plain, for whom init_connect runs, since it has no rights
// but those to the databases of tests. A
// commit survives the end of the process, but not that of the machine.
func prepareMySQL(ctx context.Context, folder, port string) (uri string, c command, err error) {
	install, err := find("mariadb-install-db", "/usr/bin/mariadb-install-db")
	if err != nil {
		return "", command{}, err
	}
	daemon, err := find("mariadbd", "/usr/sbin/mariadbd")
	if err != nil {
		return "", command{}, err
	}
	if err := makeFolder(folder); err != nil {
		return "", command{}, err
	}
	data, init := filepath.Join(folder, "data"), filepath.Join(folder, "accounts.sql")
	if err := os.WriteFile(init, []byte(accounts), 0o644); err != nil {
		return "", command{}, err
	}
	setup := command{folder, install, []string{
		"--no-defaults", "--datadir=" + data, "--auth-root-authentication-method=normal", "--skip-test-db",
	}}
	if err := runQuietly(ctx, setup); err != nil {
		return "", command{}, err
	}
	return "mysql://tester:tester@127.0.0.1:" + port + "/ginauth", command{folder, daemon, []string{
		"--no-defaults", "--datadir=" + data, "--port=" + port, "--bind-address=127.0.0.1",
		"--socket=" + filepath.Join(folder, "socket"), "--init-file=" + init, "--skip-name-resolve",
		"--max-connections=300", "--innodb-flush-log-at-trx-commit=2",
	}}, nil
}
