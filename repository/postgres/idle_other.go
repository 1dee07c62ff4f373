//go:build !unix

package postgres

import "net"

// isQuiet cannot tell here, so that the server is asked.
func isQuiet(net.Conn) bool { return false }
