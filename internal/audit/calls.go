package audit

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/ginauth/ginauth/problem"
)

// Call records that the context's actor tried to change something, and how it
// ended. Records of refusals to clients without a credential are limited, since they
// could fill the log in no time.
func (r *Recorder) Call(ctx context.Context, action, objectID string, err error) {
	record := NewRecord(ctx, action, objectID, err)
	if err != nil && record.Actor == "" {
		r.RecordLimited(ctx, record)
		return
	}
	r.Record(ctx, record)
}

// Shown records that the context's actor was shown personal data: by which kinds
// of filters, without their values, and how much. By a key, users may ask as fast
// as they like, so theirs are limited.
func (r *Recorder) Shown(ctx context.Context, action, objectID string, filters []string, rows int, err error) {
	record := NewRecord(ctx, action, objectID, err)
	if err == nil {
		record.More = []slog.Attr{slog.String("filters", strings.Join(filters, ",")), slog.Int("rows", rows)}
	}
	if ActorFrom(ctx).Kind == User {
		r.RecordLimited(ctx, record)
		return
	}
	r.Record(ctx, record)
}

// Changed records that the context's actor has changed many objects: by which kinds of
// filters, without their values, and how many.
func (r *Recorder) Changed(ctx context.Context, action string, filters []string, rows int, err error) {
	record := NewRecord(ctx, action, "", err)
	record.More = []slog.Attr{slog.String("filters", strings.Join(filters, ",")), slog.Int("rows", rows)}
	r.Record(ctx, record)
}

// NewRecord is a record of the context's actor.
func NewRecord(ctx context.Context, action, objectID string, err error) Record {
	actor := ActorFrom(ctx)
	return Record{
		Action: action, ObjectID: objectID, Actor: actor.String(), ClientAddress: actor.ClientAddress, Outcome: Outcome(err),
	}
}

// Outcome is how a call ended: "done", or the code of a problem.
func Outcome(err error) string {
	if err == nil {
		return "done"
	}
	return problem.From(err).Code
}

// Names returns the names that are set, in a fixed order, as Shown takes them.
func Names(isSet map[string]bool) []string {
	names := []string{}
	for name, set := range isSet {
		if set {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
