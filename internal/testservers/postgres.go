package testservers

import (
	"context"
	"path/filepath"
)

// preparePostgres finds the binaries where Debian keeps them if they are not
// on the path. What is committed survives the end of the process, but not that
// of the machine.
func preparePostgres(ctx context.Context, folder, port string) (uri string, c command, err error) {
	initdb, err := find("initdb", "/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", command{}, err
	}
	if err := makeFolder(folder); err != nil {
		return "", command{}, err
	}
	data := filepath.Join(folder, "data")
	setup := command{folder, initdb, []string{"-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"}}
	if err := runQuietly(ctx, setup); err != nil {
		return "", command{}, err
	}
	return "postgresql://postgres:postgres@127.0.0.1:" + port + "/postgres", command{
		folder, filepath.Join(filepath.Dir(initdb), "postgres"), []string{
			"-D", data, "-p", port, "-k", folder,
			"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300", "-c", "fsync=off",
		},
	}, nil
}
