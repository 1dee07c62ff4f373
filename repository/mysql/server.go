package mysql

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/ginauth/ginauth/repository/internal/uris"
)

// leastPacket is more than the largest statement that ginauth sends: a part of a
// flush of usage in which every text is as long as it may be.
const leastPacket = 4 << 20

// examineTimeout bounds the first contact with a server.
const examineTimeout = 10 * time.Second

// refusedParameter says of a parameter that the server does not know, or whose value it
// does not take, that it is one of the URI.
func refusedParameter(err error) error {
	var refused *driver.MySQLError
	const unknownVariable, wrongValue, wrongType = 1193, 1231, 1232
	if !errors.As(err, &refused) || !slices.Contains([]uint16{unknownVariable, wrongValue, wrongType}, refused.Number) {
		return err
	}
	return fmt.Errorf("the URI sets a parameter that this server does not know, or to a value that it does not take; correct it or leave it out: %w", err)
}

// server is what was found out about a server before the pools are made.
type server struct {
	settings map[string]string
}

// knows reports whether the server has a variable.
func (s server) knows(variable string) bool {
	_, ok := s.settings[variable]
	return ok
}

// isOn reports whether a variable that the server may lack is on.
func (s server) isOn(variable string) bool {
	value := strings.ToUpper(s.settings[variable])
	return value == "ON" || value == "1"
}

// examine asks a server for the variables that matter, on a connection of its
// own, and refuses one that ginauth cannot rely on.
func examine(ctx context.Context, connector sqldriver.Connector) (server, error) {
	pool := sql.OpenDB(connector)
	defer func() { _ = pool.Close() }()
	ctx, cancel := context.WithTimeout(ctx, examineTimeout)
	defer cancel()
	s := server{settings: map[string]string{}}
	rows, err := pool.QueryContext(ctx, "SHOW GLOBAL VARIABLES")
	if err != nil {
		return s, fmt.Errorf("connecting: %w", uris.ExplainDNS(refusedParameter(err)))
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return s, fmt.Errorf("reading the server's variables: %w", err)
		}
		s.settings[strings.ToLower(name)] = value
	}
	if err := rows.Err(); err != nil {
		return s, fmt.Errorf("reading the server's variables: %w", err)
	}
	return s, s.check()
}

// check refuses a server on which some call would fail for ever.
func (s server) check() error {
	if packet, err := strconv.Atoi(s.settings["max_allowed_packet"]); err == nil && packet < leastPacket {
		return fmt.Errorf("max_allowed_packet is %d on the server; set it to %d or more, or usage cannot be written", packet, leastPacket)
	}
	engine := s.settings["enforce_storage_engine"]
	if engine != "" && !strings.EqualFold(engine, "InnoDB") {
		return fmt.Errorf("enforce_storage_engine is %s on the server; set it to InnoDB or unset it, since ginauth needs transactions", engine)
	}
	return nil
}

// warnings returns a sentence for each setting that puts acknowledged changes at
// risk.
func (s server) warnings() []string {
	var all []string
	switch s.settings["innodb_flush_log_at_trx_commit"] {
	case "0":
		all = append(all, "innodb_flush_log_at_trx_commit is 0 on the server: if its process ends, the last second of acknowledged changes may be lost, revocations among them; set it to 1")
	case "2":
		all = append(all, "innodb_flush_log_at_trx_commit is 2 on the server: if its machine fails, the last second of acknowledged changes may be lost, revocations among them; set it to 1")
	}
	if s.isOn("log_bin") && s.settings["sync_binlog"] != "1" {
		all = append(all, "sync_binlog is "+s.settings["sync_binlog"]+" on the server: if its machine fails, acknowledged changes may be missing in the binary log, and so on its replicas; set it to 1")
	}
	if doublewrite := strings.ToUpper(s.settings["innodb_doublewrite"]); doublewrite == "OFF" || doublewrite == "0" || doublewrite == "DETECT_ONLY" {
		all = append(all, "innodb_doublewrite is off on the server: if its machine fails, pages that were half written may be lost with all keys in them; set it to ON")
	}
	return all
}
