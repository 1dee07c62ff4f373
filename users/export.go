package users

import (
	"context"

	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// Export is all that is held of a user, but for what a key or a password could be
// made from.
type Export struct {
	User Account
	// Tokens are those of links in mails that are still stored.
	Tokens []models.Token
	Keys   []repository.KeyUsage
	// Usage is by day, key and route.
	Usage []repository.SeriesRow
}

// Export returns all that is held of a user. It fails with the problem
// user_not_found.
func (s *Service) Export(ctx context.Context, ref Ref) (export Export, err error) {
	defer func() {
		s.records.Shown(ctx, "user.export", export.User.ID, ref.names(), len(export.Keys)+len(export.Usage), err)
	}()
	id, err := s.resolve(ctx, ref)
	if err != nil {
		return Export{}, err
	}
	ctx, cancel := store.Context(ctx)
	defer cancel()
	export, err = s.export(ctx, id)
	if err != nil {
		return Export{}, userProblem(err)
	}
	return export, nil
}

func (d directory) export(ctx context.Context, id string) (export Export, err error) {
	if export.User.User, err = d.repo.UserByID(ctx, id); err != nil {
		return export, err
	}
	if export.Tokens, err = d.repo.TokensByUser(ctx, id); err != nil {
		return export, err
	}
	export.User.PendingEmail = pendingEmail(export.User.User, export.Tokens, d.now())
	for i := range export.Tokens {
		export.Tokens[i].Purpose = publicPurpose(export.Tokens[i].Purpose)
	}
	export.Keys, err = allPages(func(cursor string) ([]repository.KeyUsage, string, error) {
		page := repository.Page{Sort: repository.SortID, Ascending: true, Limit: repository.MaxLimit, Cursor: cursor}
		list, err := d.repo.ListKeys(ctx, repository.KeyFilter{UserID: id}, page)
		return list.Rows, list.Next, err
	})
	if err != nil {
		return export, err
	}
	export.Usage, err = allPages(func(cursor string) ([]repository.SeriesRow, string, error) {
		by := repository.Breakdown{Key: true, Route: true}
		page := repository.SeriesPage{Interval: repository.IntervalDay, By: by, Limit: repository.MaxLimit, Cursor: cursor}
		list, err := d.repo.UsageSeries(ctx, repository.SeriesFilter{UserID: id}, page)
		return list.Rows, list.Next, err
	})
	return export, err
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
