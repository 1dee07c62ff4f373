package ginauth

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// showAccount tells users who they are.
//
//	@Summary	Who you are
//	@Tags		account
//	@Produce	json
//	@Success	200	{object}	accountResponse
//	@Failure	401,403,404,429,503	{object}	Problem
//	@Security	Account
//	@Router		/account [get]
func (a *Auth) showAccount(ctx context.Context, user models.User, _ string) (any, error) {
	return a.describeAccount(ctx, user)
}

// accountLogs lists the user's keys with their usage.
//
//	@Summary	Your keys and their usage
//	@Tags		account
//	@Produce	json
//	@Param		id		query		string	false	"one key, by its id"
//	@Param		name	query		string	false	"keys of this name"
//	@Param		status	query		string	false	"keys in this state"	Enums(active, expired, revoked, disabled, deleted)
//	@Param		sort	query		string	false	"what to sort by; id is the order of issue"	Enums(latest_query_date, total_queries, id)	default(latest_query_date)
//	@Param		order	query		string	false	"which way"	Enums(desc, asc)	default(desc)
//	@Param		limit	query		int		false	"rows on a page"	minimum(1)	maximum(1000)	default(100)
//	@Param		cursor	query		string	false	"next_cursor of the page before"
//	@Success	200		{object}	logsResponse
//	@Failure	401,403,404,422,429,503	{object}	Problem
//	@Security	Account
//	@Router		/account/logs [get]
func (a *Auth) accountLogs(ctx context.Context, user models.User, rawQuery string) (any, error) {
	query, err := parseLogsQuery(rawQuery, own)
	if err != nil {
		return nil, err
	}
	query.filter.UserID = user.ID
	return a.listUsage(ctx, query)
}

// accountUsage shows the user's usage over time.
//
//	@Summary	Your usage over time
//	@Tags		account
//	@Produce	json
//	@Param		id			query		string	false	"one key, by its id"
//	@Param		route		query		string	false	"one route, by its template, such as /users/:id"
//	@Param		interval	query		string	false	"what there is a row for"	Enums(hour, day)	default(day)
//	@Param		from		query		string	false	"RFC 3339, or a plain date; 30 days before to if left out"
//	@Param		to			query		string	false	"RFC 3339, or a plain date for the end of that day; now if left out"
//	@Param		by			query		string	false	"what to break the series down by: key, user and route, separated by commas"	default(key)
//	@Param		limit		query		int		false	"rows on a page"	minimum(1)	maximum(1000)	default(100)
//	@Param		cursor		query		string	false	"next_cursor of the page before"
//	@Success	200			{object}	seriesResponse
//	@Failure	401,403,404,422,429,503	{object}	Problem
//	@Security	Account
//	@Router		/account/usage [get]
func (a *Auth) accountUsage(ctx context.Context, user models.User, rawQuery string) (any, error) {
	query, err := parseUsageQuery(rawQuery, a.now(), own)
	if err != nil {
		return nil, err
	}
	query.filter.UserID = user.ID
	return a.listSeries(ctx, query)
}

// accountNewKey issues a further key to the user.
//
//	@Summary		Issue a further key
//	@Description	The answer is the only place where the key is ever shown. This needs the password.
//	@Tags			account
//	@Accept			json
//	@Produce		json
//	@Param			body	body		accountKeyRequest	true	"what to call it, and until when"
//	@Success		201		{object}	newKeyResponse
//	@Failure		400,401,403,404,409,413,415,422,429,503	{object}	Problem
//	@Security		Account
//	@Router			/account/new [post]
func (a *Auth) accountNewKey(c *gin.Context, user models.User) (id string, err error) {
	var request accountKeyRequest
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	act := a.actBy(user.ID)
	order, err := request.order(act.Date, a.userLifetime())
	if err != nil {
		return "", err
	}
	text := security.NewKey(a.config.KeyPrefix)
	key, err := a.issueToProven(c.Request.Context(), act, keyOf(order, text, act.Date), user)
	if err != nil {
		return key.ID, asUser(err)
	}
	c.JSON(http.StatusCreated, newKeyResponse{APIKey: text, keyResponse: a.describe(key)})
	return key.ID, nil
}

// accountRenewKey moves the expiration date of one of the user's keys.
//
//	@Summary		Renew one of your keys
//	@Description	To expiration_date, or to the default counted from now. A revoked key stays revoked, and a date that is fixed stays. This needs the password.
//	@Tags			account
//	@Accept			json
//	@Produce		json
//	@Param			body	body		accountRenewRequest	true	"which key, and until when"
//	@Success		200		{object}	keyResponse
//	@Failure		400,401,403,404,409,413,415,422,429,503	{object}	Problem
//	@Security		Account
//	@Router			/account/renew [post]
func (a *Auth) accountRenewKey(c *gin.Context, user models.User) (id string, err error) {
	var request accountRenewRequest
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	act := a.actBy(user.ID)
	expiration, invalid := request.validity(act.Date, a.userLifetime())
	if fields := append(a.refErrors(request.keyRef), invalid...); len(fields) > 0 {
		return "", problem.InvalidFields(fields...)
	}
	if err := a.mayStillHoldKeys(c.Request.Context(), user); err != nil {
		return "", err
	}
	ctx, cancel := storeContext(c)
	defer cancel()
	if id, err = a.ownKey(ctx, user, request.keyRef); err != nil {
		return id, err
	}
	key, _, err := a.repo.RenewKey(ctx, act, id, repository.Renewal{Expiration: expiration, ByOwner: true})
	if errors.Is(err, repository.ErrRevoked) {
		return id, problem.Conflict("key_revoked", "The key is revoked; only an administrator can bring it back.")
	}
	if errors.Is(err, repository.ErrExpirationFixed) {
		return id, problem.Forbidden("expiration_fixed", "An administrator has set the expiration date; only an administrator can move it.")
	}
	if err != nil {
		return id, err
	}
	c.JSON(http.StatusOK, a.describe(key))
	return id, nil
}

// mayStillHoldKeys is mayHoldKeys for a user who has proved themselves a moment
// ago.
func (a *Auth) mayStillHoldKeys(ctx context.Context, proven models.User) error {
	user, err := a.reread(ctx, proven)
	if err != nil {
		return err
	}
	return a.mayHoldKeys(ctx, user)
}

// accountRevokeKey refuses one of the user's keys from now on.
//
//	@Summary		Revoke one of your keys
//	@Description	May be repeated: the first date stays. A key is enough to revoke itself or another.
//	@Tags			account
//	@Accept			json
//	@Produce		json
//	@Param			body	body		keyRef	true	"which key"
//	@Success		200		{object}	keyResponse
//	@Failure		400,401,403,404,413,415,422,429,503	{object}	Problem
//	@Security		Account
//	@Router			/account/revoke [post]
func (a *Auth) accountRevokeKey(c *gin.Context, user models.User) (id string, err error) {
	var request keyRef
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	ctx, cancel := storeContext(c)
	defer cancel()
	if id, err = a.ownKey(ctx, user, request); err != nil {
		return id, err
	}
	key, err := a.repo.RevokeKey(ctx, a.actBy(user.ID), id)
	if err != nil {
		return id, err
	}
	c.JSON(http.StatusOK, a.describe(key))
	return id, nil
}

// accountPassword changes the user's password.
//
//	@Summary	Change your password
//	@Tags		account
//	@Accept		json
//	@Produce	json
//	@Param		body	body		passwordRequest	true	"the new password"
//	@Success	200		{object}	userResponse
//	@Failure	400,401,403,404,409,413,415,429,503	{object}	Problem
//	@Failure	422	{object}	Problem{proposed_password=string}
//	@Security	Account
//	@Router		/account/password [post]
func (a *Auth) accountPassword(c *gin.Context, user models.User) (id string, err error) {
	var request passwordRequest
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	if err := a.checkNewPassword(request.Password, user.Username, user.Email); err != nil {
		return "", err
	}
	hash, err := a.hashPassword(c.Request.Context(), request.Password, known)
	if err != nil {
		return "", err
	}
	changed, err := a.changeProven(c.Request.Context(), user, func(u *models.User, now time.Time) repository.UserUpdate {
		u.PasswordHash, u.ChangeDate = hash, now
		return repository.UserUpdate{RevokeKeys: request.RevokeKeys, VoidTokens: allPurposes()}
	})
	if err == nil {
		a.notify(noticePassword, changed)
	}
	return user.ID, answerUser(c, changed, err)
}

// changeProven changes a user who has proved themselves, unless what they did
// so by was changed since, and returns them.
func (a *Auth) changeProven(ctx context.Context, proven models.User, change func(user *models.User, now time.Time) repository.UserUpdate) (models.User, error) {
	act := a.actBy(proven.ID)
	return a.changeUser(ctx, act, proven.ID, func(user *models.User) (repository.UserUpdate, error) {
		if user.PasswordHash != proven.PasswordHash || user.IsDisabled() {
			return repository.UserUpdate{}, repository.ErrOutdated
		}
		return change(user, act.Date), nil
	})
}
