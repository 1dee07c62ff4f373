package postgres_test

import (
	"bytes"
	"testing"

	"github.com/ginauth/ginauth/internal/testfaults"
	"github.com/ginauth/ginauth/repository/postgres"
)

func TestFaults(t *testing.T) {
	testfaults.Run(t, testfaults.Backend{
		Kind: "postgres", Open: postgres.Open, Connections: 8,
		IsCommit: func(message []byte) bool { return bytes.Contains(message, []byte("commit\x00")) },
	})
}
