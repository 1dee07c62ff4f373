package mysql_test

import (
	"bytes"
	"testing"

	"github.com/ginauth/ginauth/internal/testfaults"
	"github.com/ginauth/ginauth/repository/mysql"
)

func TestFaults(t *testing.T) {
	testfaults.Run(t, testfaults.Backend{
		Kind: "mysql", Open: mysql.Open, Connections: 8,
		IsCommit: func(message []byte) bool { return bytes.HasSuffix(message, []byte("COMMIT")) },
	})
}
