//go:build unix

package postgres

import (
	"crypto/tls"
	"errors"
	"net"
	"syscall"
)

// isQuiet reports whether nothing has arrived on an idle connection, not even
// its end. It asks the system and not the server, and so costs next to nothing.
// It takes no lock: after a slow write pgx may be reading in the background, and
// would keep the lock until something arrives.
func isQuiet(conn net.Conn) (quiet bool) {
	if encrypted, ok := conn.(*tls.Conn); ok {
		conn = encrypted.NetConn()
	}
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK)
		quiet = errors.Is(err, syscall.EAGAIN)
	})
	return err == nil && quiet
}
