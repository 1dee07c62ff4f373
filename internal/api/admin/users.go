package admin

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/internal/api"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/users"
)

// Verify tells whether a password is a user's.
//
//	@Summary		Verify a password
//	@Description	For applications with a login of their own. A wrong password, a user who does not exist and one who is disabled are all answered with verified false. An input with @ is an email address. Guessing is slowed down per account and client address; say the person's address in client_address, or all that you verify count as one.
//	@ID				verifyPassword
//	@Tags			users
//	@Accept			json
//	@Produce		json
//	@Param			body						body		verifyRequest	true	"who says so, and the password"
//	@Success		200							{object}	api.Verification
//	@Failure		400,401,413,415,422,429,503	{object}	ginauth.Problem
//	@Security		AdminSecret
//	@Router			/verify [post]
func (a *API) Verify(c *gin.Context) {
	var request verifyRequest
	ctx := a.context(c)
	if !a.Read(ctx, c, "user.verify", &request) {
		return
	}
	user, err := a.Users.Authenticate(ctx, request.credentials())
	if problem.Is(err, "credentials_wrong") || problem.Is(err, "user_disabled") {
		c.JSON(http.StatusOK, api.Verification{})
		return
	}
	shown := api.NewUser(user)
	a.Answer(c, api.Verification{Verified: true, User: &shown}, err)
}

// ListUsers lists users.
//
//	@Summary		Users
//	@Description	Newest first unless told otherwise.
//	@ID				listUsers
//	@Tags			users
//	@Produce		json
//	@Param			id					query		string	false	"the user with this id"
//	@Param			username			query		string	false	"the user of this name"
//	@Param			email				query		string	false	"the user with this address"
//	@Param			username_prefix		query		string	false	"users whose names begin so, in lower case"
//	@Param			email_prefix		query		string	false	"users whose addresses begin so, in lower case"
//	@Param			disabled			query		bool	false	"users who are disabled, or who are not"
//	@Param			confirmed			query		bool	false	"users whose address is confirmed, or is not"
//	@Param			order				query		string	false	"which way"			Enums(desc, asc)	default(desc)
//	@Param			limit				query		int		false	"rows on a page"	minimum(1)			maximum(1000)	default(100)
//	@Param			cursor				query		string	false	"next_cursor of the page before"
//	@Success		200					{object}	api.UserList
//	@Failure		400,401,429,503		{object}	ginauth.Problem
//	@Failure		422					{object}	ginauth.Problem	"filter_too_broad"
//	@Security		AdminSecret
//	@Router			/users [get]
func (a *API) ListUsers(c *gin.Context) {
	query, ctx := api.UserQuery{}, a.context(c)
	if !a.ReadQuery(ctx, c, "user.list", query.Set) {
		return
	}
	list, err := a.Users.List(ctx, query.Filter, query.Page)
	a.Answer(c, api.NewUserList(list), err)
}

// ExportUser returns all that is held of a user.
//
//	@Summary		All that is held of a user
//	@Description	The user, the tokens mailed to them, their keys, and what those were used for by day; nothing from which a key or a password could be made.
//	@ID				exportUser
//	@Tags			users
//	@Produce		json
//	@Param			id					query		string	true	"which user"
//	@Success		200					{object}	api.Export
//	@Failure		400,401,422,429,503	{object}	ginauth.Problem
//	@Failure		404					{object}	ginauth.Problem	"user_not_found"
//	@Security		AdminSecret
//	@Router			/users/export [get]
func (a *API) ExportUser(c *gin.Context) {
	ctx, id := a.context(c), ""
	isRead := a.ReadQuery(ctx, c, "user.export", func(p *api.Query, name, value string) {
		if name != "id" {
			p.RefuseUnknown(name, "id")
			return
		}
		id = p.ID(value)
	})
	if !isRead {
		return
	}
	export, err := a.Users.Export(ctx, users.ByID(id))
	a.Answer(c, api.NewExport(export, a.Now()), err)
}

// UpdateUser sets until when a user's keys are valid at most.
//
//	@Summary		End a user's access
//	@Description	No key of theirs, old or new, is valid from access_until on, whatever its own date. A date in the past ends access at once; null lifts the end.
//	@ID				updateUser
//	@Tags			users
//	@Accept			json
//	@Produce		json
//	@Param			body						body		updateUserRequest	true	"which user, and until when"
//	@Success		200							{object}	api.User
//	@Failure		400,401,413,415,422,429,503	{object}	ginauth.Problem
//	@Failure		404							{object}	ginauth.Problem	"user_not_found"
//	@Failure		409							{object}	ginauth.Problem	"changed_meanwhile"
//	@Security		AdminSecret
//	@Router			/users/update [post]
func (a *API) UpdateUser(c *gin.Context) {
	var request updateUserRequest
	ctx := a.context(c)
	if !a.Read(ctx, c, "user.update", &request) {
		return
	}
	user, err := a.setAccessUntil(ctx, request)
	a.Answer(c, api.NewUser(user), err)
}

func (a *API) setAccessUntil(ctx context.Context, request updateUserRequest) (models.User, error) {
	if !request.AccessUntil.IsSent {
		err := problem.InvalidFields(problem.Missing("access_until"))
		a.Records.Call(ctx, "user.update", "", err)
		return models.User{}, err
	}
	return a.Users.SetAccessUntil(ctx, request.Ref(), api.ReadDate(request.AccessUntil.Text))
}

// DisableUser refuses a user and all their keys from now on.
//
//	@Summary		Disable a user
//	@Description	And with them all their keys, until they are enabled. May be repeated: the first date stays.
//	@ID				disableUser
//	@Tags			users
//	@Accept			json
//	@Produce		json
//	@Param			body						body		api.UserRef	true	"which user"
//	@Success		200							{object}	api.User
//	@Failure		400,401,413,415,422,429,503	{object}	ginauth.Problem
//	@Failure		404							{object}	ginauth.Problem	"user_not_found"
//	@Failure		409							{object}	ginauth.Problem	"changed_meanwhile"
//	@Security		AdminSecret
//	@Router			/users/disable [post]
func (a *API) DisableUser(c *gin.Context) {
	var request api.UserRef
	ctx := a.context(c)
	if !a.Read(ctx, c, "user.disable", &request) {
		return
	}
	user, err := a.Users.Disable(ctx, request.Ref())
	a.Answer(c, api.NewUser(user), err)
}

// EnableUser lets a user and their keys in again.
//
//	@Summary		Enable a user
//	@Description	And their keys, as far as they are neither revoked nor expired.
//	@ID				enableUser
//	@Tags			users
//	@Accept			json
//	@Produce		json
//	@Param			body						body		api.UserRef	true	"which user"
//	@Success		200							{object}	api.User
//	@Failure		400,401,413,415,422,429,503	{object}	ginauth.Problem
//	@Failure		404							{object}	ginauth.Problem	"user_not_found"
//	@Failure		409							{object}	ginauth.Problem	"changed_meanwhile"
//	@Security		AdminSecret
//	@Router			/users/enable [post]
func (a *API) EnableUser(c *gin.Context) {
	var request api.UserRef
	ctx := a.context(c)
	if !a.Read(ctx, c, "user.enable", &request) {
		return
	}
	user, err := a.Users.Enable(ctx, request.Ref())
	a.Answer(c, api.NewUser(user), err)
}

// DeleteUser removes a user for good.
//
//	@Summary		Delete a user
//	@Description	Name, address, password and tokens are erased at once; their keys are revoked, or left in force without an owner if detach_keys is sent and the user is not disabled. The usage of the keys stays under their ids.
//	@ID				deleteUser
//	@Tags			users
//	@Accept			json
//	@Param			body	body	deleteUserRequest	true	"which user"
//	@Success		204
//	@Failure		400,401,413,415,422,429,503	{object}	ginauth.Problem
//	@Failure		404							{object}	ginauth.Problem	"user_not_found"
//	@Security		AdminSecret
//	@Router			/users/delete [post]
func (a *API) DeleteUser(c *gin.Context) {
	var request deleteUserRequest
	ctx := a.context(c)
	if !a.Read(ctx, c, "user.delete", &request) {
		return
	}
	a.Done(c, http.StatusNoContent, a.Users.Delete(ctx, request.Ref(), users.DeleteParams{DetachKeys: request.DetachKeys}))
}

// ResetUser makes a user's password worthless and mails a link to a new one.
//
//	@Summary		Force a new password
//	@Description	The password no longer works, and a link to a new one is mailed. With revoke_keys all keys are revoked, too.
//	@ID				resetUser
//	@Tags			users
//	@Accept			json
//	@Produce		json
//	@Param			body						body		resetUserRequest	true	"which user"
//	@Success		200							{object}	api.User
//	@Failure		400,401,413,415,422,429,503	{object}	ginauth.Problem
//	@Failure		404							{object}	ginauth.Problem	"user_not_found"
//	@Failure		409							{object}	ginauth.Problem	"changed_meanwhile"
//	@Security		AdminSecret
//	@Router			/users/reset [post]
func (a *API) ResetUser(c *gin.Context) {
	var request resetUserRequest
	ctx := a.context(c)
	if !a.Read(ctx, c, "user.reset", &request) {
		return
	}
	user, err := a.Users.ForceReset(ctx, request.Ref(), users.ForceResetParams{RevokeKeys: request.RevokeKeys})
	a.Answer(c, api.NewUser(user), err)
}
