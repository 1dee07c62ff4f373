package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// lines decodes what was logged.
func lines(t *testing.T, log *bytes.Buffer) (all []map[string]any) {
	t.Helper()
	for line := range strings.SplitSeq(strings.TrimSpace(log.String()), "\n") {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, entry)
	}
	return all
}

func number(entry map[string]any, name string) int {
	n, _ := entry[name].(float64)
	return int(n)
}

// A flood is bounded, the number left out is in the next record of its kind,
// others are not held up, and what nobody follows is reported by itself.
func TestFloodsAreBoundedAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &bytes.Buffer{}
		r := Start(slog.New(slog.NewJSONHandler(log, nil)))
		send := func(outcome string) { r.RecordLimited(context.Background(), Record{Action: "login", Outcome: outcome}) }
		for range 1000 {
			send("wrong")
		}
		send("other")
		time.Sleep(time.Second)
		send("wrong")
		for range 7 {
			send("wrong")
		}
		time.Sleep(2 * time.Minute)
		r.Close()
		written, leftOut := 0, 0
		for i, entry := range lines(t, log) {
			leftOut += number(entry, "left_out")
			if entry["msg"] == "audit" {
				written++
			}
			if i == 11 && number(entry, "left_out") != 990 {
				t.Errorf("the next record is %v", entry)
			}
		}
		if written != 12 || leftOut != 997 {
			t.Errorf("%d records are written and %d left out", written, leftOut)
		}
	})
}

// Refusals are lines a minute, however many there are; the sum is right, and
// known keys keep their lines in a flood of others.
func TestRefusalsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &bytes.Buffer{}
		r := Start(slog.New(slog.NewJSONHandler(log, nil)))
		for i := range 5000 {
			r.Refuse("key_invalid", "", fmt.Sprint("address-", i))
		}
		for i := range 500 {
			r.Refuse("key_revoked", fmt.Sprint("key-", i), "192.0.2.1")
		}
		time.Sleep(flushInterval + time.Second)
		synctest.Wait()
		minute := lines(t, log)
		r.Refuse("key_missing", "", "192.0.2.1")
		r.Close()
		sum, ofKeys := 0, 0
		for _, entry := range minute {
			sum += number(entry, "count")
			if entry["object_id"] != "" {
				ofKeys++
			}
		}
		if sum != 5500 || ofKeys != maxGroups || len(minute) > 2*maxGroups+2 {
			t.Errorf("%d lines count %d, %d of keys", len(minute), sum, ofKeys)
		}
		if all := lines(t, log); len(all) != len(minute)+1 || all[len(minute)]["outcome"] != "key_missing" {
			t.Errorf("Close writes %v", all[len(minute):])
		}
	})
}

// A clock that is put back holds nothing up: time is the machine's.
func TestLimitRefills(t *testing.T) {
	l, now := &limits{}, time.Now()
	if _, ok := l.enter("x", 1, now); !ok {
		t.Error("the first record is left out")
	}
	if _, ok := l.enter("x", 1, now.Add(900*time.Millisecond)); ok {
		t.Error("a second one comes at once")
	}
	if leftOut, ok := l.enter("x", 1, now.Add(time.Second)); !ok || leftOut != 1 {
		t.Errorf("after a second: %d, %v", leftOut, ok)
	}
}

// The hash of a login is the same within a process and another in each.
func TestLoginHash(t *testing.T) {
	one, other := Start(slog.New(slog.DiscardHandler)), Start(slog.New(slog.DiscardHandler))
	defer one.Close()
	defer other.Close()
	first := one.LoginHash("ada")
	if again := one.LoginHash("ada"); again != first || first == one.LoginHash("bob") || first == other.LoginHash("ada") {
		t.Error("the hash does not tell logins of one process apart")
	}
}
