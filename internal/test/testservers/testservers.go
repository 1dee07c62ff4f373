// Package testservers starts throwaway database servers for tests, on free
// loopback ports, with their data in temporary folders. Started as root they
// run as nobody. The programs are those that .ci/install installs.
package testservers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

// startTimeout is how long a server may take until it accepts connections.
const startTimeout = 60 * time.Second

// Server is a database server of its own. It is not for concurrent use.
type Server struct {
	// URI is where the server is, in the form of the variable URI, for an
	// account that may make databases and schemas.
	URI string

	command command
	address string
	folder  string
	process *process
}

// command is how a server is started; its folder belongs to the user that it
// runs as.
type command struct {
	folder, program string
	args            []string
}

// prepare makes a server's data in a folder and says how to start it.
type prepare func(ctx context.Context, folder, port string) (uri string, c command, err error)

// with adds options to the program's arguments.
func (p prepare) with(options []string) prepare {
	return func(ctx context.Context, folder, port string) (string, command, error) {
		uri, c, err := p(ctx, folder, port)
		c.args = append(c.args, options...)
		return uri, c, err
	}
}

// Start starts a server of the given kind, postgres, mysql or mongodb, and
// waits until it accepts connections. The options are added to the program's
// arguments. The caller stops the server.
func Start(ctx context.Context, database string, options ...string) (*Server, error) {
	kinds := map[string]prepare{"postgres": preparePostgres, "mysql": prepareMySQL, "mongodb": prepareMongoDB}
	prepare, ok := kinds[database]
	if !ok {
		return nil, fmt.Errorf("%q is not postgres, mysql or mongodb", database)
	}
	s, err := start(ctx, prepare.with(options))
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", database, err)
	}
	return s, nil
}

func start(ctx context.Context, prepare prepare) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Server{address: net.JoinHostPort("127.0.0.1", port)}
	if s.folder, err = newFolder(); err != nil {
		return nil, err
	}
	s.URI, s.command, err = prepare(ctx, filepath.Join(s.folder, "server"), port)
	if err == nil {
		err = s.Restart(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.folder))
	}
	return s, nil
}

// Restart starts the server again after Kill, where it was, with the data that
// it had.
func (s *Server) Restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		p, err := launch(s.command)
		if err != nil {
			return err
		}
		err = p.waitFor(ctx, s.address)
		if err == nil {
			s.process = p
			return nil
		}
		p.stop()
		if ctx.Err() != nil || s.process == nil { // a killed one may leave children, which see that and end
			return err
		}
	}
}

// PID is the id of the server's process, whose children are the server's, too.
func (s *Server) PID() int { return s.process.command.Process.Pid }

// Kill ends the server as a crash would: by SIGKILL, without saving anything.
func (s *Server) Kill() { s.process.kill() }

// Abort ends a PostgreSQL server as pg_ctl stop -m immediate does: with all of its
// processes, and without finishing anything.
func (s *Server) Abort() { s.process.abort() }

// Stop ends the server and removes its data.
func (s *Server) Stop() error {
	s.process.stop()
	return os.RemoveAll(s.folder)
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = listener.Close() }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, err
}
