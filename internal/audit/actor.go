package audit

import (
	"context"
	"strings"
	"time"

	"github.com/ginauth/ginauth/repository"
)

// Kind is as what somebody acts.
type Kind int

// The kinds of actors. The zero Kind is the application that ginauth is part of.
const (
	Application Kind = iota
	// Admin acts with the admin secret.
	Admin
	// User acts with a password or a key of their own.
	User
	// Anonymous has shown no credential.
	Anonymous
)

// maxName is how many bytes of an application's name for an actor are kept: with
// the prefix no more than repository.Repository takes.
const maxName = 100

// Actor is who makes a call.
type Actor struct {
	Kind Kind
	// Name is the id of a User, and what the Application calls the actor.
	Name string
	// ClientAddress is where the call comes from; empty for a call from Go.
	ClientAddress string
}

type actorKey struct{}

// WithActor returns a context whose calls are made by the actor.
func WithActor(ctx context.Context, actor Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// ActorFrom returns who makes the calls of a context: the application unless
// WithActor said otherwise.
func ActorFrom(ctx context.Context) Actor {
	actor, _ := ctx.Value(actorKey{}).(Actor)
	return actor
}

// String names the actor in records and in the change log.
func (a Actor) String() string {
	switch {
	case a.Kind == Admin:
		return "admin"
	case a.Kind == User:
		return a.Name
	case a.Kind == Anonymous:
		return ""
	case a.Name == "":
		return "application"
	default:
		return "application:" + storable(a.Name)
	}
}

// storable cuts a name to what every database takes.
func storable(name string) string {
	name = strings.ReplaceAll(strings.ToValidUTF8(name, "?"), "\x00", "?")
	return strings.ToValidUTF8(name[:min(len(name), maxName)], "")
}

// Attribution says who makes a change, and when.
func (a Actor) Attribution(now time.Time) repository.Attribution {
	return repository.Attribution{Actor: a.String(), At: now}
}
