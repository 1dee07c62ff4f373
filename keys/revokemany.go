package keys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ginauth/ginauth/internal/audit"
	"github.com/ginauth/ginauth/internal/ids"
	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
)

const (
	// leastUnused is how long a key must be unused to be found by that: a request
	// that is counted now shows two seconds later.
	leastUnused = time.Hour
	// revokeTime bounds one call of RevokeMany, which may be repeated.
	revokeTime = 20 * time.Second
)

// RevokeManyParams says which keys are to be revoked.
type RevokeManyParams struct {
	// Filter needs one field at least. Its UnusedSince is an hour ago or more.
	Filter repository.KeyFilter
	// Expect is how many keys a dry run has told. If there are more by now, nothing is
	// revoked.
	Expect int
	// DryRun only counts.
	DryRun bool
	// Except is the id of a key that stays, such as the one that the caller uses.
	Except string
}

// RevokedMany says what RevokeMany has done.
type RevokedMany struct {
	// Matching is how many keys were found, Revoked how many were revoked.
	Matching, Revoked int
	// More says that the time was up before all were revoked. The call may be repeated.
	More bool
}

// RevokeMany revokes the keys that meet a filter, at most repository.RowBudget of them,
// in steps that other changes need not wait for. Each step looks again whether its keys
// still meet the filter. It fails with the problems fields_invalid; user_not_found;
// filter_too_broad; and more_than_expected, whose member matching is how many there are.
// After an error keys may be revoked; repeating revokes the others.
func (s *Service) RevokeMany(ctx context.Context, p RevokeManyParams) (done RevokedMany, err error) {
	defer func() { s.recordRevoked(ctx, p, done, err) }()
	if actor := audit.ActorFrom(ctx); actor.Kind == audit.User {
		p.Filter.UserID = actor.Name
	}
	if invalid := checkRevokeMany(p, s.now()); len(invalid) > 0 {
		return done, problem.InvalidFields(invalid...)
	}
	p.Filter.Now = s.now()
	if err := s.resolveUser(ctx, &p.Filter); err != nil {
		return done, err
	}
	found, err := s.matching(ctx, p)
	done.Matching = len(found)
	switch {
	case err != nil || p.DryRun:
		return done, err
	case len(found) > p.Expect:
		more := problem.Conflict("more_than_expected", fmt.Sprintf("The filter finds %d keys, and %d were expected. Nothing was revoked.", len(found), p.Expect))
		more.Extra = map[string]any{"matching": len(found)}
		return done, more
	}
	return s.revokeInSteps(ctx, p.Filter, found, done)
}

// revokeInSteps revokes the keys until the time is up.
func (s *Service) revokeInSteps(ctx context.Context, filter repository.KeyFilter, found []string, done RevokedMany) (RevokedMany, error) {
	end := time.Now().Add(revokeTime)
	for step := range slices.Chunk(found, repository.BatchSize) {
		if done.More = time.Now().After(end); done.More {
			return done, nil
		}
		revoked, err := s.revokeStep(ctx, filter, step)
		if err != nil {
			return done, notFoundOr(err)
		}
		done.Revoked += len(revoked)
	}
	return done, nil
}

func (s *Service) revokeStep(ctx context.Context, filter repository.KeyFilter, step []string) ([]string, error) {
	ctx, cancel := store.Context(ctx)
	defer cancel()
	return s.repo.RevokeKeys(ctx, s.attribution(ctx), filter, step)
}

// recordRevoked records by which kinds of filters keys were revoked, and how many.
func (s *Service) recordRevoked(ctx context.Context, p RevokeManyParams, done RevokedMany, err error) {
	if p.DryRun {
		s.records.Shown(ctx, "key.count", "", listFilters(p.Filter), done.Matching, err)
		return
	}
	s.records.Changed(ctx, "key.revoke_many", listFilters(p.Filter), done.Revoked, err)
}

// matching returns the keys that the filter finds.
func (s *Service) matching(ctx context.Context, p RevokeManyParams) ([]string, error) {
	ctx, cancel := store.Context(ctx)
	defer cancel()
	found, err := s.repo.MatchingKeys(ctx, p.Filter, repository.RowBudget+1)
	if err != nil {
		return nil, notFoundOr(err)
	}
	if len(found) > repository.RowBudget {
		return nil, tooBroad("Add a filter, such as a user or a date.")
	}
	except := ids.Canonical(p.Except)
	return slices.DeleteFunc(found, func(id string) bool { return id == except }), nil
}

// resolveUser replaces names of a user by their id.
func (s *Service) resolveUser(ctx context.Context, filter *repository.KeyFilter) error {
	if filter.Username == "" && filter.Email == "" {
		return nil
	}
	find, name := s.repo.UserByUsername, filter.Username
	if name == "" {
		find, name = s.repo.UserByEmail, filter.Email
	}
	ctx, cancel := store.Context(ctx)
	defer cancel()
	user, err := find(ctx, name)
	if err != nil {
		return store.Problem(err, userNotFound())
	}
	isOther := filter.Email != "" && filter.Email != user.CanonicalEmail || filter.UserID != "" && filter.UserID != user.ID
	if isOther {
		return userNotFound().WithCause(errors.New("the names are of several users"))
	}
	filter.UserID, filter.Username, filter.Email = user.ID, "", ""
	return nil
}

func checkRevokeMany(p RevokeManyParams, now time.Time) (invalid []problem.Field) {
	if len(listFilters(p.Filter)) == 0 {
		invalid = append(invalid, problem.NewField("filter", "filter_missing", "Send one filter at least: user_id, username, email, name, name_prefix, hint, issued_by, status, created_since, created_before, expires_before or unused_since."))
	}
	if unused := p.Filter.UnusedSince; !unused.IsZero() && unused.Truncate(time.Millisecond).After(now.Add(-leastUnused)) {
		invalid = append(invalid, problem.NewField("unused_since", "unused_since_too_late", "This must be an hour ago or more."))
	}
	if p.Except != "" && ids.Canonical(p.Except) == "" {
		invalid = append(invalid, problem.NewField("except", "id_invalid", "This does not have the form of an id (a UUID, RFC 9562)."))
	}
	if p.Expect < 0 {
		invalid = append(invalid, problem.NewField("expect", "expect_invalid", "This must be the number of keys that a dry run has told."))
	}
	return invalid
}
