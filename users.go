package ginauth

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// verify tells whether a password is a user's.
//
//	@Summary		Verify a password
//	@Description	For applications with a login of their own. A wrong password, a user who does not exist and one who is disabled are all answered with verified false. An input with @ is an email address. Guessing is slowed down per account and client address; say the person's address in client_address, or all that you verify count as one.
//	@Tags			users
//	@Accept			json
//	@Produce		json
//	@Param			body	body		verifyRequest	true	"who says so, and the password"
//	@Success		200		{object}	verifyResponse
//	@Failure		400,401,413,415,422,429,503	{object}	Problem
//	@Security		AdminSecret
//	@Router			/verify [post]
func (a *Auth) verify(c *gin.Context) error {
	claim, err := readClaim(c, a.config.ClientIP(c))
	user, right := models.User{}, false
	if err == nil {
		user, right, err = a.prove(c.Request.Context(), claim)
	}
	p := proof{action: "user.verify", actor: actorAdmin, login: claim.login, clientAddress: a.config.ClientIP(c), personAddress: claim.address, userID: user.ID}
	a.recordProof(c.Request.Context(), p, verdict(user, right, err))
	if err != nil {
		return err
	}
	response := verifyResponse{}
	if right && !user.IsDisabled() {
		response = verifyResponse{Verified: true, User: describeUser(user)}
	}
	c.JSON(http.StatusOK, response)
	return nil
}

func readClaim(c *gin.Context, address string) (claim, error) {
	var request verifyRequest
	if err := readJSON(c, &request); err != nil {
		return claim{}, err
	}
	return request.claim(address)
}

// verdict is what a record says of a password that was checked.
func verdict(user models.User, right bool, err error) string {
	switch {
	case err != nil:
		return outcomeOf(err)
	case !right:
		return "wrong_password"
	case user.IsDisabled():
		return "user_disabled"
	default:
		return "done"
	}
}

// users lists users.
//
//	@Summary		Users
//	@Description	Newest first unless told otherwise.
//	@Tags			users
//	@Produce		json
//	@Param			id			query		string	false	"the user with this id"
//	@Param			username	query		string	false	"the user of this name"
//	@Param			email		query		string	false	"the user with this address"
//	@Param			disabled	query		bool	false	"users who are disabled, or who are not"
//	@Param			confirmed	query		bool	false	"users whose address is confirmed, or is not"
//	@Param			order		query		string	false	"which way"	Enums(desc, asc)	default(desc)
//	@Param			limit		query		int		false	"rows on a page"	minimum(1)	maximum(1000)	default(100)
//	@Param			cursor		query		string	false	"next_cursor of the page before"
//	@Success		200			{object}	usersResponse
//	@Failure		401,422,429,503	{object}	Problem
//	@Security		AdminSecret
//	@Router			/users [get]
func (a *Auth) users(ctx context.Context, rawQuery string) (any, error) {
	query := usersQuery{page: repository.Page{Sort: repository.SortID, Limit: defaultLimit}}
	if err := parseQuery(rawQuery, query.set); err != nil {
		return nil, err
	}
	list, err := a.repo.ListUsers(ctx, query.filter, query.page)
	describe := func(user models.User) userResponse { return *describeUser(user) }
	return usersResponse{Users: each(list.Rows, describe), NextCursor: list.Next}, err
}

// usersQuery is what the parameters of users ask for.
type usersQuery struct {
	filter repository.UserFilter
	page   repository.Page
}

func (q *usersQuery) set(p *queryParser, name, value string) {
	switch name {
	case "id":
		q.filter.ID = p.id(value)
	case "username":
		q.filter.Username = p.canonical(name, value, security.CanonicalUsername)
	case "email":
		q.filter.Email = p.canonical(name, value, security.CanonicalEmail)
	case "disabled":
		q.filter.Disabled = p.flag(name, value)
	case "confirmed":
		q.filter.Confirmed = p.flag(name, value)
	case "order":
		q.page.Ascending = oneOf(p, name, value, "desc", "asc") == "asc"
	case "limit":
		q.page.Limit = p.limit(name, value)
	case "cursor":
		q.page.Cursor = value
	default:
		p.refuseUnknown(name)
	}
}

// disableUser refuses a user and all their keys from now on.
//
//	@Summary		Disable a user
//	@Description	And with them all their keys, until they are enabled. May be repeated: the first date stays.
//	@Tags			users
//	@Accept			json
//	@Produce		json
//	@Param			body	body		userRef	true	"which user"
//	@Success		200		{object}	userResponse
//	@Failure		400,401,404,409,413,415,422,429,503	{object}	Problem
//	@Security		AdminSecret
//	@Router			/users/disable [post]
func (a *Auth) disableUser(c *gin.Context) (id string, err error) {
	return a.setUser(c, func(user *models.User, now time.Time) {
		if !user.IsDisabled() {
			user.DisabledDate = now
		}
	})
}

// enableUser lets a user and their keys in again.
//
//	@Summary		Enable a user
//	@Description	And their keys, as far as they are neither revoked nor expired.
//	@Tags			users
//	@Accept			json
//	@Produce		json
//	@Param			body	body		userRef	true	"which user"
//	@Success		200		{object}	userResponse
//	@Failure		400,401,404,409,413,415,422,429,503	{object}	Problem
//	@Security		AdminSecret
//	@Router			/users/enable [post]
func (a *Auth) enableUser(c *gin.Context) (id string, err error) {
	return a.setUser(c, func(user *models.User, _ time.Time) { user.DisabledDate = time.Time{} })
}

// updateUser sets until when a user's keys are valid at most.
//
//	@Summary		End a user's access
//	@Description	No key of theirs, old or new, is valid from access_until on, whatever its own date. A date in the past ends access at once; null lifts the end.
//	@Tags			users
//	@Accept			json
//	@Produce		json
//	@Param			body	body		updateUserRequest	true	"which user, and until when"
//	@Success		200		{object}	userResponse
//	@Failure		400,401,404,409,413,415,422,429,503	{object}	Problem
//	@Security		AdminSecret
//	@Router			/users/update [post]
func (a *Auth) updateUser(c *gin.Context) (id string, err error) {
	var request updateUserRequest
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	date, err := request.accessUntil()
	if err != nil {
		return "", err
	}
	if id, err = a.resolveUser(c.Request.Context(), request.userRef); err != nil {
		return id, err
	}
	user, err := a.changeUser(c.Request.Context(), a.act(), id, func(user *models.User) (repository.UserUpdate, error) {
		user.AccessUntil = date
		return repository.UserUpdate{}, nil
	})
	return id, answerUser(c, user, err)
}

// setUser changes the user whom a request names, and answers with them.
func (a *Auth) setUser(c *gin.Context, set func(user *models.User, now time.Time)) (id string, err error) {
	var request userRef
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	if id, err = a.resolveUser(c.Request.Context(), request); err != nil {
		return id, err
	}
	act := a.act()
	user, err := a.changeUser(c.Request.Context(), act, id, func(user *models.User) (repository.UserUpdate, error) {
		set(user, act.Date)
		return repository.UserUpdate{}, nil
	})
	return id, answerUser(c, user, err)
}

// answerUser answers with a user who was changed, unless there was an error.
func answerUser(c *gin.Context, user models.User, err error) error {
	if err == nil {
		c.JSON(http.StatusOK, describeUser(user))
	}
	return err
}

// deleteUser removes a user for good.
//
//	@Summary		Delete a user
//	@Description	Name, address, password and tokens are erased at once; their keys are revoked, or left in force without an owner if detach_keys is sent and the user is not disabled. What the keys were used for stays under the ids.
//	@Tags			users
//	@Accept			json
//	@Param			body	body	deleteUserRequest	true	"which user"
//	@Success		204
//	@Failure		400,401,404,413,415,422,429,503	{object}	Problem
//	@Security		AdminSecret
//	@Router			/users/delete [post]
func (a *Auth) deleteUser(c *gin.Context) (id string, err error) {
	var request deleteUserRequest
	if err := readJSON(c, &request); err != nil {
		return "", err
	}
	ctx, cancel := storeContext(c)
	defer cancel()
	if id, err = a.resolveUser(ctx, request.userRef); err != nil {
		return id, err
	}
	if err := a.repo.DeleteUser(ctx, a.act(), id, request.DetachKeys); err != nil {
		return id, asUser(err)
	}
	a.forgetLetters(id)
	c.Status(http.StatusNoContent)
	return id, nil
}

// resolveUser returns the id of the user who is meant.
func (a *Auth) resolveUser(ctx context.Context, ref userRef) (id string, err error) {
	if err := ref.check(); err != nil {
		return "", err
	}
	if ref.ID != "" {
		return canonicalID(ref.ID), nil
	}
	user, err := a.userOf(ctx, ref.Username+ref.Email)
	return user.ID, asUser(err)
}
