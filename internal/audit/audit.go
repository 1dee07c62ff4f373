// Package audit records who did what, and who was refused, in the log.
//
// Records caused by clients without a credential are bounded: alike records are
// limited, and refusals are counted. No record is lost without being counted:
// the number of those that were left out is in the next one, or in a line of
// its own after a minute and at Close.
package audit

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"
)

// flushInterval is how often refusals are recorded, and what was left out.
const flushInterval = time.Minute

// Record is who did what, and how it ended.
type Record struct {
	Level slog.Level
	// Action is what was tried, ObjectID what it was tried on, Actor who did so,
	// empty without a proof, Outcome "done" or a problem's code.
	Action, ObjectID, Actor, ClientAddress, Outcome string
	// More is what else this action is recorded with.
	More []slog.Attr
}

// Recorder writes records. It is safe for concurrent use.
type Recorder struct {
	logger   *slog.Logger
	key      [sha256.Size]byte
	limits   limits
	refusals refusals
	stop     chan struct{}
	running  sync.WaitGroup
}

// Start returns a recorder that needs to be closed.
func Start(logger *slog.Logger) *Recorder {
	r := &Recorder{logger: logger, stop: make(chan struct{})}
	rand.Read(r.key[:])
	r.running.Go(r.run)
	return r
}

// LoginHash stands for a login in records, which may be a password that was
// typed into the wrong field. The key is random and in no other process, so
// nobody can try logins against records; hashes of two processes, or from before
// and after a restart, cannot be compared.
func (r *Recorder) LoginHash(login string) string {
	const length = 12 // bytes: enough for no two logins to share one
	mac := hmac.New(sha256.New, r.key[:])
	mac.Write([]byte(login))
	return hex.EncodeToString(mac.Sum(nil)[:length])
}

// Record writes a record.
func (r *Recorder) Record(ctx context.Context, record Record) { r.write(ctx, record, 0) }

// RecordLimited writes a record unless many of the same action and outcome were
// written lately.
func (r *Recorder) RecordLimited(ctx context.Context, record Record) {
	r.limits.do(record.Action+" "+record.Outcome, recordsAtOnce, func(leftOut int) { r.write(ctx, record, leftOut) })
}

// LogLimited writes a line to the log, unless so many of its kind were written at
// once, of which one more may be written each second.
func (r *Recorder) LogLimited(ctx context.Context, kind string, atOnce int, level slog.Level, message string, attributes ...slog.Attr) {
	r.limits.do(kind, atOnce, func(leftOut int) { r.log(ctx, level, message, leftOut, attributes) })
}

func (r *Recorder) write(ctx context.Context, record Record, leftOut int) {
	attributes := append([]slog.Attr{
		slog.String("action", record.Action),
		slog.String("object_id", record.ObjectID),
		slog.String("actor", record.Actor),
		slog.String("client_address", record.ClientAddress),
		slog.String("outcome", record.Outcome),
	}, record.More...)
	r.log(ctx, record.Level, "audit", leftOut, attributes)
}

func (r *Recorder) log(ctx context.Context, level slog.Level, message string, leftOut int, attributes []slog.Attr) {
	if leftOut > 0 {
		attributes = append(attributes, slog.Int("left_out", leftOut))
	}
	r.logger.LogAttrs(ctx, level, message, attributes...)
}

func (r *Recorder) run() {
	ticker := time.NewTicker(flushInterval)
	defer ticker.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-ticker.C:
			r.flush()
		}
	}
}

// flush records what was counted since it was last called.
func (r *Recorder) flush() {
	ctx := context.Background()
	for _, counted := range r.refusals.take() {
		r.write(ctx, counted.record(), 0)
	}
	for kind, leftOut := range r.limits.take() {
		r.log(ctx, slog.LevelInfo, "records were left out", leftOut, []slog.Attr{slog.String("of", kind)})
	}
}

// Close records what was counted and waits for what runs in the background. It
// must be called once.
func (r *Recorder) Close() {
	close(r.stop)
	r.running.Wait()
	r.flush()
}
