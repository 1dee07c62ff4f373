package ginauth

import (
	"cmp"
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

// What follows is read by swag; package docs serves the result.
//
//	@title						ginauth
//	@version					1.0
//	@description				Issue, renew, revoke and list API keys.
//	@securityDefinitions.apikey	AdminSecret
//	@in							header
//	@name						secret-key
//	@description				The admin secret (GINAUTH_SECRET).
//	@securityDefinitions.basic	Account
//	@description				A username or email address, and the password.

// Who acts with the admin secret, and who by themselves. A user acts under
// their id.
const (
	actorAdmin   = "admin"
	actorGinauth = "ginauth"
)

// act is a change that an administrator makes now; one call has one time for
// all its dates.
func (a *Auth) act() repository.Act { return a.actBy(actorAdmin) }

func (a *Auth) actBy(actor string) repository.Act {
	return repository.Act{Actor: actor, Date: a.now()}
}

// newKey issues a key.
//
//	@Summary		Issue a key
//	@Description	For a user, with username, email and password: a new user, or one more key for a user whose password is right. Or for a service, with just a name. A user's keys are bounded in number and lifetime; an expiration_date that is sent is not moved by the user. The answer is the only place where the key is ever shown.
//	@Tags			keys
//	@Accept			json
//	@Produce		json
//	@Param			body	body		newKeyRequest	true	"whom the key is for, and until when"
//	@Success		201		{object}	newKeyResponse
//	@Failure		400,401,403,404,409,413,415,429,503	{object}	Problem
//	@Failure		422	{object}	Problem{proposed_password=string}
//	@Security		AdminSecret
//	@Router			/new [post]
func (a *Auth) newKey(c *gin.Context) (id string, err error) {
	var request newKeyRequest
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	act := a.act()
	order, err := request.order(act.Date, a.userLifetime())
	if err != nil {
		return "", err
	}
	text := security.NewKey(a.config.KeyPrefix)
	key, err := a.issue(c, act, keyOf(order, text, act.Date), order.user)
	if err != nil {
		return key.ID, err
	}
	c.JSON(http.StatusCreated, newKeyResponse{APIKey: text, keyResponse: a.describe(key)})
	return key.ID, nil
}

// issue stores a key for a user or a service. With an error it returns the key
// if that is stored all the same, or may be.
func (a *Auth) issue(c *gin.Context, act repository.Act, key models.APIKey, user *userOrder) (models.APIKey, error) {
	if user == nil {
		return stored(key, a.createKey(c.Request.Context(), act, key, 0))
	}
	who := *user
	who.address = cmp.Or(who.address, a.config.ClientIP(c))
	return a.issueToUser(c.Request.Context(), act, key, who)
}

// keyOf makes the record of a new key.
func keyOf(order keyOrder, text string, now time.Time) models.APIKey {
	hash := security.HashKey(text)
	return models.APIKey{
		ID:              newID(),
		Hash:            hash[:],
		Hint:            security.Hint(text),
		Name:            order.name,
		CreationDate:    now,
		ExpirationDate:  order.expiration,
		ExpirationFixed: order.isFixed,
	}
}

// renewKey moves a key's expiration date.
//
//	@Summary		Renew a key
//	@Description	To expiration_date, or to the default counted from now, which may be earlier than the date it had. A revoked key is renewed only with reactivate. An expiration_date that is sent is not moved by the key's user from then on.
//	@Tags			keys
//	@Accept			json
//	@Produce		json
//	@Param			body	body		renewKeyRequest	true	"which key, and until when"
//	@Success		200		{object}	renewKeyResponse
//	@Failure		400,401,404,409,413,415,422,429,503	{object}	Problem
//	@Security		AdminSecret
//	@Router			/renew [post]
func (a *Auth) renewKey(c *gin.Context) (id string, err error) {
	var request renewKeyRequest
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	act := a.act()
	expiration, invalid := request.validity(act.Date, a.adminLifetime())
	if fields := append(a.refErrors(request.keyRef), invalid...); len(fields) > 0 {
		return "", problem.InvalidFields(fields...)
	}
	ctx, cancel := storeContext(c)
	defer cancel()
	if id, err = a.resolve(ctx, request.keyRef); err != nil {
		return id, err
	}
	key, reactivated, err := a.repo.RenewKey(ctx, act, id, repository.Renewal{
		Expiration: expiration, Fixed: request.ExpirationDate != nil, Reactivate: request.Reactivate,
	})
	if err != nil {
		return id, err
	}
	if reactivated {
		a.audit(c, actorAdmin, "key.reactivate", id, nil)
	}
	c.JSON(http.StatusOK, renewKeyResponse{keyResponse: a.describe(key), Reactivated: reactivated})
	return id, nil
}

// revokeKey refuses a key from now on.
//
//	@Summary		Revoke a key
//	@Description	May be repeated: the first date stays.
//	@Tags			keys
//	@Accept			json
//	@Produce		json
//	@Param			body	body		keyRef	true	"which key"
//	@Success		200		{object}	keyResponse
//	@Failure		400,401,404,413,415,422,429,503	{object}	Problem
//	@Security		AdminSecret
//	@Router			/revoke [post]
func (a *Auth) revokeKey(c *gin.Context) (id string, err error) {
	var request keyRef
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	if fields := a.refErrors(request); len(fields) > 0 {
		return "", problem.InvalidFields(fields...)
	}
	ctx, cancel := storeContext(c)
	defer cancel()
	if id, err = a.resolve(ctx, request); err != nil {
		return id, err
	}
	key, err := a.repo.RevokeKey(ctx, a.act(), id)
	if err != nil {
		return id, err
	}
	c.JSON(http.StatusOK, a.describe(key))
	return id, nil
}

// deleteKey removes a key for good.
//
//	@Summary		Delete a key
//	@Description	Its usage stays in the logs under its id, which is never used again.
//	@Tags			keys
//	@Accept			json
//	@Param			body	body	keyID	true	"which key"
//	@Success		204
//	@Failure		400,401,404,413,415,422,429,503	{object}	Problem
//	@Security		AdminSecret
//	@Router			/delete [post]
func (a *Auth) deleteKey(c *gin.Context) (id string, err error) {
	var request keyID
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	if fields := idErrors(request.ID); len(fields) > 0 {
		return "", problem.InvalidFields(fields...)
	}
	ctx, cancel := storeContext(c)
	defer cancel()
	id = canonicalID(request.ID)
	if err := a.repo.DeleteKey(ctx, a.act(), id); err != nil {
		return id, err
	}
	c.Status(http.StatusNoContent)
	return id, nil
}

// refErrors says what is wrong with a reference to a key: by its id or by
// itself, one of the two.
func (a *Auth) refErrors(ref keyRef) []problem.Field {
	switch {
	case ref.ID == "" && ref.APIKey == "":
		return []problem.Field{problem.Missing("id"), problem.Missing("api_key")}
	case ref.ID != "" && ref.APIKey != "":
		return []problem.Field{problem.NewField("api_key", "api_key_superfluous", "Send either id or api_key.")}
	case ref.APIKey != "" && !security.IsKey(a.config.KeyPrefix, ref.APIKey):
		return []problem.Field{problem.NewField("api_key", "api_key_invalid", "This does not have the form of a key.")}
	case ref.ID != "":
		return idErrors(ref.ID)
	default:
		return nil
	}
}

// resolve returns the id of the key that is meant.
func (a *Auth) resolve(ctx context.Context, ref keyRef) (id string, err error) {
	if ref.ID != "" {
		return canonicalID(ref.ID), nil
	}
	hash := security.HashKey(ref.APIKey)
	key, err := a.repo.KeyByHash(ctx, hash[:])
	return key.ID, err
}

func isNotFound(err error) bool { return errors.Is(err, repository.ErrNotFound) }
