package ginauth

import (
	"context"
	"log/slog"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/keycache"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
)

// audit records who tried to change what, and how it ended. What is refused to
// clients without a proof, who could fill the log in no time, is limited.
func (a *Auth) audit(c *gin.Context, actor, action, id string, err error) {
	record := a.newRecord(c, actor, action, id, err)
	if err != nil && actor == "" {
		a.records.RecordLimited(c.Request.Context(), record)
		return
	}
	a.records.Record(c.Request.Context(), record)
}

func (a *Auth) newRecord(c *gin.Context, actor, action, id string, err error) audit.Record {
	return audit.Record{
		Action: action, ObjectID: id, Actor: actor, ClientAddress: a.config.ClientIP(c), Outcome: outcomeOf(err),
	}
}

func outcomeOf(err error) string {
	if err == nil {
		return "done"
	}
	return problemFrom(err).Code
}

// recordSecret records admin calls without a right secret.
func (a *Auth) recordSecret(c *gin.Context, err error) {
	if err == nil || problem.Is(err, "secret_in_query") { // which has a record of its own
		return
	}
	record := a.newRecord(c, "", "admin.login", "", err)
	record.Level = slog.LevelWarn
	a.records.RecordLimited(c.Request.Context(), record)
}

// recordPosition records that the second of two admin secrets was used, the
// previous one, so that operators see who has not changed to the current one.
func (a *Auth) recordPosition(c *gin.Context, position int) {
	if position < 2 {
		return
	}
	record := a.newRecord(c, actorAdmin, "admin.previous_secret", "", nil)
	record.Level, record.More = slog.LevelWarn, []slog.Attr{slog.Int("position", position)}
	a.records.RecordLimited(c.Request.Context(), record)
}

// recordSecretInURL records that the admin secret was in a URL, where others may
// have read it.
func (a *Auth) recordSecretInURL(c *gin.Context) {
	record := a.newRecord(c, "", "admin.secret_in_url", "", nil)
	record.Level, record.Outcome = slog.LevelWarn, "secret_in_query"
	record.More = []slog.Attr{slog.String("path", c.FullPath())}
	a.records.RecordLimited(c.Request.Context(), record)
}

// counts are answers that say how much of whom they show.
type counts interface {
	rows() int
	objectID() string
}

// recordList records that somebody was shown personal data: by which kinds of
// filters, without their values, and how much.
func (a *Auth) recordList(c *gin.Context, actor, action string, response any, err error) {
	record := a.newRecord(c, actor, action, "", err)
	if shown, ok := response.(counts); ok && err == nil {
		record.ObjectID = shown.objectID()
		record.More = []slog.Attr{slog.String("filters", filtersIn(c.Request.URL.RawQuery)), slog.Int("rows", shown.rows())}
	}
	if actor == actorAdmin {
		a.records.Record(c.Request.Context(), record)
		return
	}
	a.records.RecordLimited(c.Request.Context(), record) // by a key, users may ask as fast as they like
}

// filtersIn names the filters of a query that a call has understood.
func filtersIn(rawQuery string) string {
	query, _ := url.ParseQuery(rawQuery)
	names := []string{}
	for name := range query {
		if !slices.Contains([]string{"sort", "order", "limit", "cursor"}, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ",")
}

// proof is somebody's attempt to be let in as a user.
type proof struct {
	action, actor string // actor is who asks, empty for the user
	login         string // as it was sent
	clientAddress string
	personAddress string // if another's password was checked
	userID        string // of who proved themselves
}

// recordProof records a login or a verification: with the user's id, or else
// with a hash of the login, since that may be a password. Right passwords are
// recorded each, as far as they can be checked; what is refused is limited.
func (a *Auth) recordProof(ctx context.Context, p proof, outcome string) {
	record := audit.Record{Action: p.action, ObjectID: p.userID, Actor: p.actor, ClientAddress: p.clientAddress, Outcome: outcome}
	if p.userID == "" && p.login != "" {
		record.More = append(record.More, slog.String("login_hash", a.records.LoginHash(loginOf(p.login))))
	}
	if p.personAddress != "" && p.personAddress != p.clientAddress {
		record.More = append(record.More, slog.String("person_address", p.personAddress))
	}
	if p.userID != "" && p.login != "" {
		a.records.Record(ctx, record)
		return
	}
	a.records.RecordLimited(ctx, record)
}

// recordLogin records who has logged in at an account call; login is "" for a
// login by a key.
func (a *Auth) recordLogin(c *gin.Context, login string, user models.User, err error) {
	p := proof{action: "user.login", actor: user.ID, login: login, clientAddress: a.config.ClientIP(c), userID: user.ID}
	a.recordProof(c.Request.Context(), p, outcomeOf(err))
}

// countRefusal counts a request that the guard has refused; key is nil where it
// is not known.
func (a *Auth) countRefusal(c *gin.Context, key *keycache.Key, err error) {
	id := ""
	if key != nil {
		id = key.ID()
	}
	a.records.Refuse(problemFrom(err).Code, id, a.config.ClientIP(c))
}
