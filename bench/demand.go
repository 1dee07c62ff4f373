package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	// settling is more than the interval between two flushes.
	settling = 3 * time.Second
	// ownStatements are those that look asks the server between two counts.
	ownStatements = 2
)

// look reads what the server has done and has open, apart from this program's part.
func (f *fleet) look(ctx context.Context) (d demand, err error) {
	db, err := f.db.gorm()
	if err != nil {
		return d, err
	}
	pool, err := db.DB()
	if err != nil {
		return d, err
	}
	pool.SetMaxOpenConns(1)
	statements, connections := "SELECT SUM(calls) FROM public.pg_stat_statements", "SELECT COUNT(*) - 1 FROM pg_stat_activity WHERE backend_type = 'client backend'"
	if f.db.kind == "mysql" {
		statements = "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'QUESTIONS'"
		connections = "SELECT COUNT(*) - 1 FROM information_schema.processlist WHERE command <> 'Daemon'"
	}
	if err := pool.QueryRowContext(ctx, statements).Scan(&d.statements); err != nil {
		return d, err
	}
	if err := pool.QueryRowContext(ctx, connections).Scan(&d.connections); err != nil {
		return d, err
	}
	for _, member := range f.members {
		d.resident += residentMemory(member.command.Process.Pid) / float64(len(f.members))
	}
	d.serverCPU, err = usedByTree(f.server.PID())
	return d, err
}

// usedByTree is the processor time in seconds of a process and its children, all
// their threads. Those that have ended in between are left out.
func usedByTree(root int) (seconds float64, err error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range paths {
		folder := filepath.Dir(path)
		if filepath.Base(folder) == strconv.Itoa(root) || readParent(path) == strconv.Itoa(root) {
			seconds += usedByThreads(folder)
		}
	}
	return seconds, nil
}

// readParent reads the line of a process, whose second field is a name in parentheses.
func readParent(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "" // it has ended
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	return fields[1]
}

func usedByThreads(folder string) (seconds float64) {
	paths, err := filepath.Glob(folder + "/task/*/schedstat")
	if err != nil {
		return 0
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		var nanoseconds float64
		if _, failed := fmt.Fscan(bytes.NewReader(text), &nanoseconds); err == nil && failed == nil {
			seconds += nanoseconds / 1e9
		}
	}
	return seconds
}
