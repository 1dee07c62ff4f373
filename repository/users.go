package repository

import (
	"context"
	"time"

	"github.com/ginauth/ginauth/models"
)

// Users is the part of a Repository that stores users and their tokens.
type Users interface {
	// CreateUser stores a new user together with their first key, both or
	// neither; the change log has the user first. The user's Version becomes 1.
	// The key's UserID must be the user's ID. ErrConflict with field "username"
	// or "email" (compared in their canonical forms), "id" or "hash".
	CreateUser(ctx context.Context, by Attribution, user models.User, key models.APIKey) error

	// UserByID, UserByUsername and UserByEmail find a user, the latter two by the
	// canonical forms. ErrNotFound if there is none.
	UserByID(ctx context.Context, id string) (models.User, error)
	UserByUsername(ctx context.Context, canonical string) (models.User, error)
	UserByEmail(ctx context.Context, canonical string) (models.User, error)

	// UpdateUser replaces all fields of a user but ID, CanonicalUsername, Username,
	// CreationDate and MailFailureDate, if the user still has the given Version,
	// which grows by one; it returns the user as they are then. A change of
	// CanonicalEmail clears MailFailureDate. The rest of the update happens in the
	// same step. The change log has the user alone. ErrNotFound for an
	// unknown id, then ErrTokenUsed, then ErrOutdated if the version is another;
	// ErrConflict with field "email".
	UpdateUser(ctx context.Context, by Attribution, user models.User, update UserUpdate) (models.User, error)

	// RehashPassword replaces the stored hash of a user's password by another of
	// the same password. It is no change of the user. ErrOutdated if the stored
	// hash is not the old one, ErrNotFound for an unknown id.
	RehashPassword(ctx context.Context, userID, old, hash string) error

	// NoteMailFailure sets a user's MailFailureDate unless it is set, or clears it
	// if the date is zero. It is no change of the user. An unknown id is ignored.
	NoteMailFailure(ctx context.Context, userID string, date time.Time) error

	// DeleteUser removes a user and their tokens for good. Only their id is kept, in
	// the series of usage and in the change log. Their keys lose their owner and are
	// revoked at the time of the change, unless the options detach them. The change
	// log has the user alone. ErrNotFound for an unknown id.
	DeleteUser(ctx context.Context, by Attribution, id string, options DeleteUserOptions) error

	// ListUsers lists users, a page at a time, in the order of their ids; the
	// page's Sort must be SortID. Rows are never nil. Errors are those of
	// ListKeys, ErrTooBroad included.
	ListUsers(ctx context.Context, filter UserFilter, page Page) (UserPage, error)

	// AddToken stores a token of a user and removes those of the user that had
	// expired at its CreationDate. It is no change of the user. Adding a token
	// again changes nothing. ErrNotFound if UserID names no user; ErrTooManyTokens
	// if the user has MaxTokens tokens.
	AddToken(ctx context.Context, token models.Token) error

	// TokensByUser returns the tokens of a user in the order of their creation,
	// including expired ones that are still stored. They are never nil; an unknown
	// user has none.
	TokensByUser(ctx context.Context, userID string) ([]models.Token, error)

	// DeleteToken removes a token of a user; an unknown token is ignored.
	DeleteToken(ctx context.Context, userID string, hash []byte) error
}

// MaxTokens is how many tokens a user has at most. Callers allow far fewer at a
// time; it bounds the effect of a mistake in them.
const MaxTokens = 64

// UserUpdate is what happens together with a change of a user. The zero one is
// the change alone.
type UserUpdate struct {
	// RevokeKeys revokes all keys of the user at the time of the change; revoked
	// keys stay as they are.
	RevokeKeys bool
	// UseToken is the hash of a token of the user that is used up. The whole change
	// fails with ErrTokenUsed if the token is not there or has expired at the time
	// of the change. Of several changes that use one token, one succeeds.
	UseToken []byte
	// VoidTokens are purposes; all tokens of the user for these are removed.
	VoidTokens []string
}

// DeleteUserOptions says what becomes of the keys of a deleted user.
type DeleteUserOptions struct {
	// DetachKeys leaves the keys in force without an owner. The keys of a disabled
	// user, which are not in force, are revoked all the same.
	DetachKeys bool
}
