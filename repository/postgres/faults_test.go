package postgres_test

import (
	"bytes"
	"testing"

	"github.com/ginauth/ginauth/internal/test/faults"
	"github.com/ginauth/ginauth/repository/postgres"
)

func TestFaults(t *testing.T) {
	faults.Run(t, faults.Backend{
		Kind: "postgres", Open: postgres.Open, FlushedKeys: 2000,
		IsCommit: func(message []byte) bool { return bytes.Contains(message, []byte("COMMIT\x00")) },
	})
}
