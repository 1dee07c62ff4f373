package changefeed

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// prunable has a number of steps to take, and tells of each.
type prunable struct {
	left   atomic.Int64
	called chan struct{}
	hangs  bool
	fault  error
}

func (p *prunable) PruneChanges(ctx context.Context) (more bool, err error) {
	p.called <- struct{}{}
	if p.hangs {
		<-ctx.Done()
		return false, ctx.Err()
	}
	return p.left.Add(-1) > 0, p.fault
}

func (p *prunable) expectCalls(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-p.called:
		case <-time.After(10 * time.Second):
			t.Fatal("the pruner does nothing")
		}
	}
}

// The log is pruned from the start on until nothing is left to remove, and again
// later.
func TestPruning(t *testing.T) {
	log := &prunable{called: make(chan struct{}, 100)}
	log.left.Store(3)
	pruner := startPruner(log, slog.New(slog.DiscardHandler), time.Millisecond)
	defer pruner.Close()
	log.expectCalls(t, 6)
}

// A failure is reported, and the next time it is tried again.
func TestPruningFails(t *testing.T) {
	var text bytes.Buffer
	log := &prunable{called: make(chan struct{}, 1000), fault: errors.New("the store is down")}
	pruner := startPruner(log, slog.New(slog.NewTextHandler(&text, nil)), time.Millisecond)
	log.expectCalls(t, 2)
	pruner.Close()
	if !strings.Contains(text.String(), "the store is down") {
		t.Errorf("the log is %s", text.String())
	}
}

// Closing does not wait for a step under way, nor report it.
func TestPruningIsCutShort(t *testing.T) {
	var text bytes.Buffer
	log := &prunable{called: make(chan struct{}, 1), hangs: true}
	pruner := startPruner(log, slog.New(slog.NewTextHandler(&text, nil)), time.Hour)
	log.expectCalls(t, 1)
	pruner.Close()
	if text.String() != "" {
		t.Errorf("the log is %s", text.String())
	}
}
