package testservers

import (
	"context"
	"fmt"
	"path/filepath"
)

// preparePostgres finds the binaries where Debian keeps them if they are not
// on the path. A commit survives the end of the process, but not that of the
// machine.
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
	uri, c = servePostgres(filepath.Join(filepath.Dir(initdb), "postgres"), folder, port)
	return uri, c, nil
}

func servePostgres(program, folder, port string) (uri string, c command) {
	return "postgresql://postgres:postgres@127.0.0.1:" + port + "/postgres", command{folder, program, []string{
		"-D", filepath.Join(folder, "data"), "-p", port, "-k", folder,
		"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300", "-c", "fsync=off",
	}}
}

// StartStandby starts a PostgreSQL server that follows another and takes no
// writes. The caller stops it before the other.
func StartStandby(ctx context.Context, primary *Server) (*Server, error) {
	s, err := start(ctx, primary.prepareStandby)
	if err != nil {
		return nil, fmt.Errorf("starting a standby: %w", err)
	}
	return s, nil
}

// prepareStandby copies the server while it runs.
func (s *Server) prepareStandby(ctx context.Context, folder, port string) (uri string, c command, err error) {
	if err := makeFolder(folder); err != nil {
		return "", command{}, err
	}
	program := s.command.program
	err = runQuietly(ctx, command{folder, filepath.Join(filepath.Dir(program), "pg_basebackup"), []string{
		"-d", s.URI, "-D", filepath.Join(folder, "data"), "-R", "--checkpoint=fast", "--no-sync",
	}})
	uri, c = servePostgres(program, folder, port)
	return uri, c, err
}
