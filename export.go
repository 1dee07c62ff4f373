package ginauth

import (
	"context"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
)

// exportUser returns all that is held of a user.
//
//	@Summary		All that is held of a user
//	@Description	The user, the tokens mailed to them, their keys, and what those were used for by day; nothing from which a key or a password could be made.
//	@Tags			users
//	@Produce		json
//	@Param			id	query		string	true	"which user"
//	@Success		200	{object}	exportResponse
//	@Failure		401,404,422,429,503	{object}	Problem
//	@Security		AdminSecret
//	@Router			/users/export [get]
func (a *Auth) exportUser(ctx context.Context, rawQuery string) (any, error) {
	var id string
	err := parseQuery(rawQuery, func(p *queryParser, name, value string) {
		if name != "id" {
			p.refuseUnknown(name)
			return
		}
		id = p.id(value)
	})
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, problem.InvalidFields(problem.Missing("id"))
	}
	user, err := a.repo.UserByID(ctx, id)
	if err != nil {
		return nil, asUser(err)
	}
	return a.export(ctx, user)
}

func (a *Auth) export(ctx context.Context, user models.User) (response exportResponse, err error) {
	tokens, err := a.repo.TokensOf(ctx, user.ID)
	if err != nil {
		return response, err
	}
	response.User = accountResponse{*describeUser(user), a.pendingEmail(user, tokens)}
	keys, err := allPages(func(cursor string) ([]repository.KeyUsage, string, error) {
		page := repository.Page{Sort: repository.SortID, Ascending: true, Limit: repository.MaxLimit, Cursor: cursor}
		list, err := a.repo.ListUsage(ctx, repository.UsageFilter{UserID: user.ID}, page)
		return list.Rows, list.Next, err
	})
	if err != nil {
		return response, err
	}
	usage, err := allPages(func(cursor string) ([]repository.SeriesRow, string, error) {
		by := repository.Breakdown{Key: true, Route: true}
		page := repository.SeriesPage{Interval: repository.IntervalDay, By: by, Limit: repository.MaxLimit, Cursor: cursor}
		list, err := a.repo.UsageSeries(ctx, repository.SeriesFilter{UserID: user.ID}, page)
		return list.Rows, list.Next, err
	})
	response.Tokens = each(tokens, describeToken)
	response.Keys, response.Usage = each(keys, a.describeUsage), each(usage, describeSeriesRow)
	return response, err
}

// allPages reads a list to its end.
func allPages[Row any](list func(cursor string) (rows []Row, next string, err error)) ([]Row, error) {
	var all []Row
	for cursor := ""; ; {
		rows, next, err := list(cursor)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if cursor = next; cursor == "" {
			return all, nil
		}
	}
}
