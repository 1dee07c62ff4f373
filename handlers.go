package ginauth

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/ginauth/ginauth/models"
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

// actorAdmin is who acts with the admin secret.
const actorAdmin = "admin"

// act is a change that is made now; one call has one time for all its dates.
func (a *Auth) act() repository.Act {
	return repository.Act{Actor: actorAdmin, Date: a.config.Now()}
}

// newKey issues a key.
//
//	@Summary		Issue a key
//	@Description	For a user, with username, email and password: a new user, or one more key for a user whose password is right. Or for a service, with just a name. The answer is the only place where the key is ever shown.
//	@Tags			keys
//	@Accept			json
//	@Produce		json
//	@Param			body	body		newKeyRequest	true	"whom the key is for, and until when"
//	@Success		201		{object}	newKeyResponse
//	@Failure		400,401,403,409,413,415,422,429,503	{object}	Problem
//	@Security		AdminSecret
//	@Router			/new [post]
func (a *Auth) newKey(c *gin.Context) (id string, err error) {
	var request newKeyRequest
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	act := a.act()
	order, err := request.order(act.Date, a.config.AutomaticExpiration)
	if err != nil {
		return "", err
	}
	text := security.NewKey(a.config.KeyPrefix)
	key := keyOf(order, text, act.Date)
	ctx, cancel := storeContext(c)
	defer cancel()
	if order.user == nil {
		err = a.repo.CreateKey(ctx, act, key)
	} else {
		key, err = a.issueToUser(ctx, act, key, *order.user)
	}
	if err != nil {
		return "", err
	}
	c.JSON(http.StatusCreated, newKeyResponse{APIKey: text, keyResponse: a.describe(key)})
	return key.ID, nil
}

// keyOf makes the record of a new key.
func keyOf(order keyOrder, text string, now time.Time) models.APIKey {
	return models.APIKey{
		ID:             newID(),
		Hash:           security.HashKey(text),
		Hint:           security.Hint(text),
		Name:           order.name,
		CreationDate:   now,
		ExpirationDate: order.expiration,
	}
}

// newID returns a UUID that sorts by time (version 7, RFC 9562).
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// issueToUser stores a key for the user who is named: a known one who proves
// it by the password, or a new one.
func (a *Auth) issueToUser(ctx context.Context, act repository.Act, key models.APIKey, who userOrder) (models.APIKey, error) {
	user, err := a.repo.UserByUsername(ctx, who.canonicalUsername)
	if isNotFound(err) {
		return a.issueToNewUser(ctx, act, key, who)
	}
	if err != nil {
		return key, err
	}
	if err := a.proveUser(ctx, user, who); err != nil {
		return key, err
	}
	key.UserID, key.Username = user.ID, user.Username
	return key, a.repo.CreateKey(ctx, act, key)
}

func (a *Auth) issueToNewUser(ctx context.Context, act repository.Act, key models.APIKey, who userOrder) (models.APIKey, error) {
	if err := checkNewPassword(who.password); err != nil {
		return key, err
	}
	hash, err := a.hashPassword(ctx, who.password)
	if err != nil {
		return key, err
	}
	user := models.User{
		ID:                newID(),
		Username:          who.username,
		Email:             who.email,
		CanonicalUsername: who.canonicalUsername,
		CanonicalEmail:    who.canonicalEmail,
		PasswordHash:      hash,
		CreationDate:      act.Date,
	}
	key.UserID, key.Username = user.ID, user.Username
	return key, a.repo.CreateUser(ctx, act, user, key)
}

// proveUser checks that a known user was named in full, with the right
// password.
func (a *Auth) proveUser(ctx context.Context, user models.User, who userOrder) error {
	if user.CanonicalEmail != who.canonicalEmail {
		return taken("username")
	}
	right, err := a.verifyPassword(ctx, user.PasswordHash, who.password)
	if err != nil {
		return err
	}
	if !right {
		return problem(http.StatusForbidden, "wrong_password", "The user exists and the password is not theirs.")
	}
	return nil
}

// renewKey moves a key's expiration date.
//
//	@Summary		Renew a key
//	@Description	To expiration_date, or to the default counted from now, which may be earlier than the date it had. A revoked key is renewed only with reactivate.
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
	invalid := a.namingErrors(request.keyName)
	expiration, err := request.validity(act.Date, a.config.AutomaticExpiration, invalid...)
	if err != nil {
		return "", err
	}
	ctx, cancel := storeContext(c)
	defer cancel()
	if id, err = a.resolve(ctx, request.keyName); err != nil {
		return id, err
	}
	key, reactivated, err := a.repo.RenewKey(ctx, act, id, expiration, request.Reactivate)
	if err != nil {
		return id, err
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
//	@Param			body	body		keyName	true	"which key"
//	@Success		200		{object}	keyResponse
//	@Failure		400,401,404,413,415,422,429,503	{object}	Problem
//	@Security		AdminSecret
//	@Router			/revoke [post]
func (a *Auth) revokeKey(c *gin.Context) (id string, err error) {
	ctx, cancel := storeContext(c)
	defer cancel()
	if id, err = a.readKeyName(ctx, c); err != nil {
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
		return "", invalidFields(fields...)
	}
	ctx, cancel := storeContext(c)
	defer cancel()
	if err := a.repo.DeleteKey(ctx, a.act(), request.ID); err != nil {
		return request.ID, err
	}
	c.Status(http.StatusNoContent)
	return request.ID, nil
}

// readKeyName reads a body that names a key, and returns the key's id.
func (a *Auth) readKeyName(ctx context.Context, c *gin.Context) (id string, err error) {
	var request keyName
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	if fields := a.namingErrors(request); len(fields) > 0 {
		return "", invalidFields(fields...)
	}
	return a.resolve(ctx, request)
}

// namingErrors says what is wrong with the way in which a key is named: by its
// id or by itself, one of the two.
func (a *Auth) namingErrors(name keyName) []FieldError {
	switch {
	case name.ID == "" && name.APIKey == "":
		return []FieldError{missing("id"), missing("api_key")}
	case name.ID != "" && name.APIKey != "":
		return []FieldError{{"api_key", "api_key_superfluous", "send either id or api_key"}}
	case name.APIKey != "" && !security.IsKey(a.config.KeyPrefix, name.APIKey):
		return []FieldError{{"api_key", "api_key_invalid", "does not have the form of a key"}}
	case name.ID != "":
		return idErrors(name.ID)
	default:
		return nil
	}
}

// idErrors says what is wrong with an id. What is no id is not carried on: it
// may be a key in the wrong field, and ids are logged.
func idErrors(id string) []FieldError {
	if id == "" {
		return []FieldError{missing("id")}
	}
	if uuid.Validate(id) != nil {
		return []FieldError{{"id", "id_invalid", "does not have the form of an id"}}
	}
	return nil
}

// resolve returns the id of the key that is named.
func (a *Auth) resolve(ctx context.Context, name keyName) (id string, err error) {
	if name.ID != "" {
		return name.ID, nil
	}
	key, err := a.repo.KeyByHash(ctx, security.HashKey(name.APIKey))
	return key.ID, err
}

func isNotFound(err error) bool { return errors.Is(err, repository.ErrNotFound) }
