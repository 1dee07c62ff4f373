package mongodb

import (
	"bytes"
	"slices"
	"testing"

	"github.com/ginauth/ginauth/internal/testfaults"
)

func TestFaults(t *testing.T) {
	testfaults.Run(t, testfaults.Backend{
		Kind: "mongodb", Open: Open, Options: "directConnection=true&maxPoolSize=8", Connections: 8,
		IsCommit: isWrite, InSteps: true,
	})
}

// isWrite looks at the first field of a message's document, which is the
// command.
func isWrite(message []byte) bool {
	if len(message) < 26 {
		return false
	}
	command, _, _ := bytes.Cut(message[26:], []byte{0})
	return slices.Contains([]string{"insert", "update", "delete"}, string(command))
}
