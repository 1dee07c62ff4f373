package mysql_test

import (
	"bytes"
	"testing"

	"github.com/ginauth/ginauth/internal/test/faults"
	"github.com/ginauth/ginauth/repository/mysql"
)

func TestFaults(t *testing.T) {
	faults.Run(t, faults.Backend{
		Kind: "mysql", Open: mysql.Open, FlushedKeys: 2000,
		IsCommit: func(message []byte) bool { return bytes.Contains(message, []byte("COMMIT AND")) },
	})
}
