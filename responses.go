package ginauth

import (
	"strings"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// keyResponse shows a key, but for the key itself.
type keyResponse struct {
	ID   string `json:"id" example:"019a2f6e-7c1d-7f3a-9a51-0c2b6d1f4e8a"`
	Hint string `json:"hint" example:"ga_3kF9"`
	Name string `json:"name" example:"notebook"`
	// UserID and Username are empty for a service key.
	UserID       string        `json:"user_id"`
	Username     string        `json:"username" example:"ada"`
	Status       models.Status `json:"status" example:"active"`
	IsActive     bool          `json:"is_active"`
	NeverExpires bool          `json:"never_expires"`
	// CreationDate is null for a deleted key.
	CreationDate *time.Time `json:"creation_date" extensions:"x-nullable"`
	// ExpirationDate is null for a key that never expires. It is the earlier of
	// the key's date and the end of its owner's access.
	ExpirationDate *time.Time `json:"expiration_date" extensions:"x-nullable"`
	// RevocationDate is null unless the key is revoked.
	RevocationDate *time.Time `json:"revocation_date" extensions:"x-nullable"`
}

type newKeyResponse struct {
	// APIKey is the key. It is shown here and never again.
	APIKey string `json:"api_key"`
	keyResponse
}

type renewKeyResponse struct {
	keyResponse
	// Reactivated says that the key was revoked until now.
	Reactivated bool `json:"reactivated"`
}

// usageResponse shows a key and what it was used for.
type usageResponse struct {
	keyResponse
	Email        string `json:"email" example:"ada@example.com"`
	TotalQueries int64  `json:"total_queries"`
	// LatestQueryDate is null for a key that was never used.
	LatestQueryDate *time.Time `json:"latest_query_date" extensions:"x-nullable"`
}

type logsResponse struct {
	Logs []usageResponse `json:"logs"`
	// NextCursor asks for the next page; it is empty on the last one.
	NextCursor string `json:"next_cursor"`
}

// seriesRow is one interval of usage over time.
type seriesRow struct {
	// Date is when the hour or day began.
	Date time.Time `json:"date" example:"2026-07-01T00:00:00Z"`
	// ID, UserID and Username, and Route are empty unless the series is broken
	// down by key, user and route.
	ID       string `json:"id" example:"019a2f6e-7c1d-7f3a-9a51-0c2b6d1f4e8a"`
	UserID   string `json:"user_id"`
	Username string `json:"username" example:"ada"`
	// Route is a template; it is empty too where no route matched.
	Route        string `json:"route" example:"/users/:id"`
	TotalQueries int64  `json:"total_queries"`
}

type seriesResponse struct {
	Usage []seriesRow `json:"usage"`
	// NextCursor asks for the next page; it is empty on the last one.
	NextCursor string `json:"next_cursor"`
}

// userResponse shows a user.
type userResponse struct {
	ID         string `json:"id" example:"019a2f6e-7c1d-7f3a-9a51-0c2b6d1f4e8a"`
	Username   string `json:"username" example:"ada"`
	Email      string `json:"email" example:"ada@example.com"`
	IsDisabled bool   `json:"is_disabled"`
	// IsConfirmed says that mail is known to reach the user.
	IsConfirmed  bool      `json:"is_confirmed"`
	CreationDate time.Time `json:"creation_date"`
	// ChangeDate is when the password or the address was last set.
	ChangeDate time.Time `json:"change_date"`
	// DisabledDate is null unless the user is disabled.
	DisabledDate *time.Time `json:"disabled_date" extensions:"x-nullable"`
	// ConfirmationDate is null until the address is confirmed.
	ConfirmationDate *time.Time `json:"confirmation_date" extensions:"x-nullable"`
	// MailFailureDate is since when mail cannot be delivered, null if it can.
	MailFailureDate *time.Time `json:"mail_failure_date" extensions:"x-nullable"`
	// AccessUntil is when all keys of the user end, null if there is no such date.
	AccessUntil *time.Time `json:"access_until" extensions:"x-nullable"`
}

func describeUser(user models.User) *userResponse {
	return &userResponse{
		ID:               user.ID,
		Username:         user.Username,
		Email:            user.Email,
		IsDisabled:       user.IsDisabled(),
		IsConfirmed:      user.IsConfirmed(),
		CreationDate:     user.CreationDate,
		ChangeDate:       user.ChangeDate,
		DisabledDate:     nullable(user.DisabledDate),
		ConfirmationDate: nullable(user.ConfirmationDate),
		MailFailureDate:  nullable(user.MailFailureDate),
		AccessUntil:      nullable(user.AccessUntil),
	}
}

// accountResponse shows users who they are.
type accountResponse struct {
	userResponse
	// PendingEmail is the new address until it is confirmed, null if there is none.
	PendingEmail *string `json:"pending_email" extensions:"x-nullable" example:"lovelace@example.org"`
}

type usersResponse struct {
	Users []userResponse `json:"users"`
	// NextCursor asks for the next page; it is empty on the last one.
	NextCursor string `json:"next_cursor"`
}

type verifyResponse struct {
	Verified bool `json:"verified"`
	// User is null unless the password is right.
	User *userResponse `json:"user" extensions:"x-nullable"`
}

// tokenResponse shows what is held of a token that was mailed to a user.
type tokenResponse struct {
	// Purpose is what the token can be used for: confirm, change (of the address)
	// or reset.
	Purpose string `json:"purpose" example:"reset"`
	// Email is the address that it was mailed to.
	Email          string    `json:"email" example:"ada@example.com"`
	CreationDate   time.Time `json:"creation_date"`
	ExpirationDate time.Time `json:"expiration_date"`
}

func describeToken(token models.Token) tokenResponse {
	purpose, _, _ := strings.Cut(token.Purpose, ".") // who asked for it is ours to know
	return tokenResponse{purpose, token.Email, token.CreationDate, token.ExpirationDate}
}

// exportResponse is all that is held of a user.
type exportResponse struct {
	User accountResponse `json:"user"`
	// Tokens are those of links in mails that are still stored.
	Tokens []tokenResponse `json:"tokens"`
	Keys   []usageResponse `json:"keys"`
	Usage  []seriesRow     `json:"usage"`
}

func describeSeriesRow(row repository.SeriesRow) seriesRow {
	return seriesRow{row.Date, row.KeyID, row.UserID, row.Username, row.Route, row.TotalQueries}
}

// describe shows a key as it is now.
func (a *Auth) describe(key models.APIKey) keyResponse {
	return describe(key, key.Status(a.now()))
}

func describe(key models.APIKey, status models.Status) keyResponse {
	return keyResponse{
		ID:             key.ID,
		Hint:           key.Hint,
		Name:           key.Name,
		UserID:         key.UserID,
		Username:       key.Username,
		Status:         status,
		IsActive:       status == models.StatusActive,
		NeverExpires:   status != models.StatusDeleted && key.End().IsZero(),
		CreationDate:   nullable(key.CreationDate),
		ExpirationDate: nullable(key.End()),
		RevocationDate: nullable(key.RevocationDate),
	}
}

func (a *Auth) describeUsage(row repository.KeyUsage) usageResponse {
	response := usageResponse{
		keyResponse:     describe(row.APIKey, row.Status(a.now())),
		Email:           row.Email,
		TotalQueries:    row.TotalQueries,
		LatestQueryDate: nullable(row.LatestQueryDate),
	}
	response.ID = row.KeyID // also where the key is gone
	return response
}

// each describes rows, and none as an empty list.
func each[Row, Response any](rows []Row, describe func(Row) Response) []Response {
	responses := make([]Response, len(rows))
	for i, row := range rows {
		responses[i] = describe(row)
	}
	return responses
}

// nullable shows the zero time as null.
func nullable(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// What follows says how much an answer shows, see counts.

func (r logsResponse) rows() int        { return len(r.Logs) }
func (r logsResponse) objectID() string { return "" }

func (r seriesResponse) rows() int        { return len(r.Usage) }
func (r seriesResponse) objectID() string { return "" }

func (r usersResponse) rows() int        { return len(r.Users) }
func (r usersResponse) objectID() string { return "" }

func (r exportResponse) rows() int        { return len(r.Keys) + len(r.Usage) }
func (r exportResponse) objectID() string { return r.User.ID }

func (r *userResponse) rows() int        { return 1 }
func (r *userResponse) objectID() string { return r.ID }
