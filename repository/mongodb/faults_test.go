package mongodb

import (
	"bytes"
	"net/url"
	"slices"
	"testing"

	"github.com/ginauth/ginauth/internal/test/faults"
	"github.com/ginauth/ginauth/internal/test/testdatabase"
)

func TestFaults(t *testing.T) {
	testdatabase.NeedsStandalone(t)
	faults.Run(t, faults.Backend{
		Kind: "mongodb", Open: Open, RepeatsWrites: true, FlushedKeys: 200,
		IsCommit:    func(message []byte) bool { return isCommand(message, "insert", "update", "delete") },
		IsHeartbeat: func(message []byte) bool { return !bytes.Contains(message, []byte("ginauth_")) },
		Options:     url.Values{"directConnection": {"true"}, "maxPoolSize": {"8"}},
	})
}

// isCommand looks at the first field of a message's document, which is the
// command.
func isCommand(message []byte, commands ...string) bool {
	const nameAt = 26
	if len(message) < nameAt {
		return false
	}
	command, _, _ := bytes.Cut(message[nameAt:], []byte{0})
	return slices.Contains(commands, string(command))
}
