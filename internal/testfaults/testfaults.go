// Package testfaults checks what a backend that talks to a server does when
// the network or the server fails, and when several processes meet.
//
// It is the same for all backends: a proxy does to connections what networks
// do, a second repository that does without the proxy looks at what came of
// it, and the contract in package repository says what is right.
package testfaults

import (
	"context"
	"testing"

	"github.com/ginauth/ginauth/repository"
)

// Backend is what a driver package brings.
type Backend struct {
	// Kind is what testdatabase and testservers call the server.
	Kind string
	// Open is the package's.
	Open func(ctx context.Context, uri string) (repository.Repository, error)
	// Options are added to the query of each URI.
	Options string
	// Connections is how many one pool opens at most.
	Connections int
	// IsCommit reports whether a message to the server brings into force what
	// a call writes, or a part of it.
	IsCommit func(message []byte) bool
	// InSteps says that a call may commit several times, the first time already
	// in the very first message, and that the driver may repeat such a write by
	// itself.
	InSteps bool
}

// Run makes every fault happen. Tests run in parallel.
func Run(t *testing.T, backend Backend) {
	for name, test := range map[string]func(b *bench){
		"a lost acknowledgement":                    lostAcknowledgement,
		"a cut before each message":                 cutBeforeEachMessage,
		"idle connections that were cut":            idleConnectionsCut,
		"a server that goes and comes":              refusedConnections,
		"a pool of which all connections are busy":  exhaustedPool,
		"a call that is cancelled under way":        cancelledUnderWay,
		"a server that is silent":                   silentServer,
		"connections on which no answer comes":      abandonedConnections,
		"a server that falls silent during Open":    silentWhileOpening,
		"two processes and one username":            raceForUsername,
		"two processes renew one key":               raceToRenew,
		"two processes flush in opposite orders":    oppositeFlushes,
		"flushes while keys come and go":            flushesAmongChanges,
		"several processes open an empty database":  openAtOnce,
		"a server that is killed and started again": killedServer,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(&bench{T: t, Backend: backend})
		})
	}
}
