package api

import (
	"time"

	"github.com/ginauth/ginauth/keys"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/users"
)

// Key shows a key, but for the key itself.
type Key struct {
	ID   string `json:"id" format:"uuid" example:"019a2f6e-7c1d-7f3a-9a51-0c2b6d1f4e8a"`
	Hint string `json:"hint" example:"ga_3kF9"`
	Name string `json:"name" example:"notebook"`
	// UserID and Username are empty for a service key.
	UserID       string        `json:"user_id"`
	Username     string        `json:"username" example:"ada"`
	Status       models.Status `json:"status" swaggertype:"string" enums:"active,expired,revoked,disabled,deleted" example:"active"`
	IsActive     bool          `json:"is_active"`
	NeverExpires bool          `json:"never_expires"`
	// IssuedBy is the actor who issued the key, such as admin, application, or a user's
	// id; empty for keys from before this was kept.
	IssuedBy string `json:"issued_by" example:"admin"`
	// CreationDate is null for a deleted key.
	CreationDate *Date `json:"creation_date" swaggertype:"string" extensions:"x-nullable" format:"date-time" example:"2026-12-01T09:30:00.000Z"`
	// ExpirationDate is null for a key that never expires. It is the earlier of
	// the key's date and the end of its owner's access.
	ExpirationDate *Date `json:"expiration_date" swaggertype:"string" extensions:"x-nullable" format:"date-time" example:"2026-12-01T09:30:00.000Z"`
	// RevocationDate is null unless the key is revoked.
	RevocationDate *Date `json:"revocation_date" swaggertype:"string" extensions:"x-nullable" format:"date-time" example:"2026-12-01T09:30:00.000Z"`
} // @name Key

// IssuedKey is a new key, with the key itself.
type IssuedKey struct {
	// APIKey is the key. It is shown here and never again.
	APIKey string `json:"api_key" example:"ga_3kF9dE1mXw7RtY2uPqLz8NvBc5HsJg4aTn6QeKxM1wZ0b"`
	Key
} // @name IssuedKey

// RenewedKey is a key that was renewed.
type RenewedKey struct {
	Key
	// Reactivated says that the key was revoked until now.
	Reactivated bool `json:"reactivated"`
} // @name RenewedKey

// KeyUsage shows a key and what it was used for.
type KeyUsage struct {
	Key
	Email        string `json:"email" example:"ada@example.com"`
	TotalQueries int64  `json:"total_queries" format:"int64" minimum:"0" example:"42"`
	// LatestQueryDate is null for a key that was never used.
	LatestQueryDate *Date `json:"latest_query_date" swaggertype:"string" extensions:"x-nullable" format:"date-time" example:"2026-12-01T09:30:00.000Z"`
} // @name KeyUsage

// KeyList is a page of keys.
type KeyList struct {
	Logs []KeyUsage `json:"logs"`
	// NextCursor asks for the next page; it is empty on the last one.
	NextCursor string `json:"next_cursor"`
} // @name KeyList

// UsageRow is one interval of usage over time.
type UsageRow struct {
	// Date is when the hour or day began.
	Date Date `json:"date" swaggertype:"string" format:"date-time" example:"2026-12-01T09:30:00.000Z"`
	// ID, UserID and Username, and Route are empty unless the series is broken
	// down by key, user and route.
	ID       string `json:"id" example:"019a2f6e-7c1d-7f3a-9a51-0c2b6d1f4e8a"`
	UserID   string `json:"user_id"`
	Username string `json:"username" example:"ada"`
	// Route is a template; it is empty too where no route matched.
	Route        string `json:"route" example:"/users/:id"`
	TotalQueries int64  `json:"total_queries" format:"int64" minimum:"0" example:"42"`
} // @name UsageRow

// UsageList is a page of usage over time.
type UsageList struct {
	Usage []UsageRow `json:"usage"`
	// NextCursor asks for the next page; it is empty on the last one.
	NextCursor string `json:"next_cursor"`
} // @name UsageList

// User shows a user.
type User struct {
	ID         string `json:"id" format:"uuid" example:"019a2f6e-7c1d-7f3a-9a51-0c2b6d1f4e8a"`
	Username   string `json:"username" example:"ada"`
	Email      string `json:"email" format:"email" example:"ada@example.com"`
	IsDisabled bool   `json:"is_disabled"`
	// IsConfirmed says that mail is known to reach the user.
	IsConfirmed  bool `json:"is_confirmed"`
	CreationDate Date `json:"creation_date" swaggertype:"string" format:"date-time" example:"2026-12-01T09:30:00.000Z"`
	// ChangeDate is when the password or the address was last set.
	ChangeDate Date `json:"change_date" swaggertype:"string" format:"date-time" example:"2026-12-01T09:30:00.000Z"`
	// DisabledDate is null unless the user is disabled.
	DisabledDate *Date `json:"disabled_date" swaggertype:"string" extensions:"x-nullable" format:"date-time" example:"2026-12-01T09:30:00.000Z"`
	// ConfirmationDate is null until the address is confirmed.
	ConfirmationDate *Date `json:"confirmation_date" swaggertype:"string" extensions:"x-nullable" format:"date-time" example:"2026-12-01T09:30:00.000Z"`
	// MailFailureDate is since when mail cannot be delivered, null if it can.
	MailFailureDate *Date `json:"mail_failure_date" swaggertype:"string" extensions:"x-nullable" format:"date-time" example:"2026-12-01T09:30:00.000Z"`
	// AccessUntil is when all keys of the user end, null if there is no such date.
	AccessUntil *Date `json:"access_until" swaggertype:"string" extensions:"x-nullable" format:"date-time" example:"2026-12-01T09:30:00.000Z"`
} // @name User

// NewUser shows a user.
func NewUser(user models.User) User {
	return User{
		ID:               user.ID,
		Username:         user.Username,
		Email:            user.Email,
		IsDisabled:       user.IsDisabled(),
		IsConfirmed:      user.IsConfirmed(),
		CreationDate:     Date(user.CreationDate),
		ChangeDate:       Date(user.ChangeDate),
		DisabledDate:     nullable(user.DisabledDate),
		ConfirmationDate: nullable(user.ConfirmationDate),
		MailFailureDate:  nullable(user.MailFailureDate),
		AccessUntil:      nullable(user.AccessUntil),
	}
}

// Account shows users who they are.
type Account struct {
	User
	// PendingEmail is the new address until it is confirmed, null if there is none.
	PendingEmail *string `json:"pending_email" extensions:"x-nullable" format:"email" example:"lovelace@example.org"`
} // @name Account

// UserList is a page of users.
type UserList struct {
	Users []User `json:"users"`
	// NextCursor asks for the next page; it is empty on the last one.
	NextCursor string `json:"next_cursor"`
} // @name UserList

// Verification says whether a password is a user's.
type Verification struct {
	Verified bool `json:"verified"`
	// User is null unless the password is right.
	User *User `json:"user" extensions:"x-nullable"`
} // @name Verification

// Token shows what is held of a token that was mailed to a user.
type Token struct {
	// Purpose is what the token can be used for: confirm, change (of the address)
	// or reset.
	Purpose string `json:"purpose" enums:"confirm,change,reset" example:"reset"`
	// Email is the address that it was mailed to.
	Email          string `json:"email" format:"email" example:"ada@example.com"`
	CreationDate   Date   `json:"creation_date" swaggertype:"string" format:"date-time" example:"2026-12-01T09:30:00.000Z"`
	ExpirationDate Date   `json:"expiration_date" swaggertype:"string" format:"date-time" example:"2026-12-01T09:30:00.000Z"`
} // @name Token

func newToken(token models.Token) Token {
	return Token{token.Purpose, token.Email, Date(token.CreationDate), Date(token.ExpirationDate)}
}

// Link shows what a mailed link is for.
type Link struct {
	Purpose string `json:"purpose" enums:"confirm,change,reset" example:"reset"`
	// Email is the address that it was mailed to.
	Email          string `json:"email" format:"email" example:"ada@example.com"`
	ExpirationDate Date   `json:"expiration_date" swaggertype:"string" format:"date-time" example:"2026-12-01T09:30:00.000Z"`
	// RevokesKeys says that its use revokes the user's keys.
	RevokesKeys bool `json:"revokes_keys"`
} // @name Link

// NewLink shows a link.
func NewLink(link users.Link) Link {
	return Link{link.Purpose, link.Email, Date(link.ExpirationDate), link.RevokesKeys}
}

// Export is all that is held of a user.
type Export struct {
	User Account `json:"user"`
	// Tokens are those of links in mails that are still stored.
	Tokens []Token    `json:"tokens"`
	Keys   []KeyUsage `json:"keys"`
	Usage  []UsageRow `json:"usage"`
} // @name Export

// NewUsageList shows a page of usage over time.
func NewUsageList(series repository.Series) UsageList {
	return UsageList{each(series.Rows, newUsageRow), series.Next}
}

func newUsageRow(row repository.SeriesRow) UsageRow {
	return UsageRow{Date(row.Date), row.KeyID, row.UserID, row.Username, row.Route, row.TotalQueries}
}

// NewKey shows a key as it is at the given time.
func NewKey(key models.APIKey, now time.Time) Key { return newKey(key, key.Status(now)) }

func newKey(key models.APIKey, status models.Status) Key {
	return Key{
		ID:             key.ID,
		Hint:           key.Hint,
		Name:           key.Name,
		UserID:         key.UserID,
		Username:       key.Username,
		Status:         status,
		IsActive:       status == models.StatusActive,
		IssuedBy:       key.IssuedBy,
		NeverExpires:   status != models.StatusDeleted && key.End().IsZero(),
		CreationDate:   nullable(key.CreationDate),
		ExpirationDate: nullable(key.End()),
		RevocationDate: nullable(key.RevocationDate),
	}
}

// NewIssuedKey shows a key that was issued.
func NewIssuedKey(issued keys.Issued, now time.Time) IssuedKey {
	return IssuedKey{issued.Key, NewKey(issued.APIKey, now)}
}

// NewKeyRow shows one key with its usage.
func NewKeyRow(row repository.KeyUsage, now time.Time) KeyUsage { return newKeyUsage(now)(row) }

// NewRenewedKey shows a key that was renewed.
func NewRenewedKey(renewed keys.Renewed, now time.Time) RenewedKey {
	return RenewedKey{NewKey(renewed.APIKey, now), renewed.Reactivated}
}

// NewKeyList shows a page of keys with their usage.
func NewKeyList(list repository.KeyPage, now time.Time) KeyList {
	return KeyList{each(list.Rows, newKeyUsage(now)), list.Next}
}

func newKeyUsage(now time.Time) func(row repository.KeyUsage) KeyUsage {
	return func(row repository.KeyUsage) KeyUsage {
		shown := KeyUsage{
			Key:             newKey(row.APIKey, row.Status(now)),
			Email:           row.Email,
			TotalQueries:    row.TotalQueries,
			LatestQueryDate: nullable(row.LatestQueryDate),
		}
		shown.ID = row.KeyID // also where the key is gone
		return shown
	}
}

// NewUserList shows a page of users.
func NewUserList(list repository.UserPage) UserList {
	return UserList{each(list.Rows, NewUser), list.Next}
}

// NewAccount shows users who they are.
func NewAccount(account users.Account) Account {
	shown := Account{User: NewUser(account.User)}
	if account.PendingEmail != "" {
		shown.PendingEmail = &account.PendingEmail
	}
	return shown
}

// NewExport shows all that is held of a user.
func NewExport(export users.Export, now time.Time) Export {
	return Export{NewAccount(export.User), each(export.Tokens, newToken), each(export.Keys, newKeyUsage(now)), each(export.Usage, newUsageRow)}
}

// each describes rows, and none as an empty list.
func each[Row, Response any](rows []Row, describe func(Row) Response) []Response {
	responses := make([]Response, len(rows))
	for i, row := range rows {
		responses[i] = describe(row)
	}
	return responses
}
