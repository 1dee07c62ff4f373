package keys

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ginauth/ginauth/internal/fields"
	"github.com/ginauth/ginauth/internal/ids"
	"github.com/ginauth/ginauth/internal/store"
	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/security"
)

// IssueManyParams asks for up to repository.BatchSize keys, all or none.
type IssueManyParams struct {
	// BatchID is a UUID that names the batch for good; a new one if it is empty. A
	// caller that gives one may repeat the call until it succeeds.
	BatchID string
	Keys    []IssueParams
}

// IssuedMany are the keys of a batch, in the order in which they were asked for.
type IssuedMany struct {
	BatchID string
	Keys    []Issued
}

// IssueMany makes many keys in one step. It fails with the problems of Issue, and
// with batch_exists, whose member ids names the keys, if the batch is there already:
// the keys cannot be shown again. The fields of fields_invalid are named
// keys[index].field. After outcome_unknown, repeating with the BatchID that was
// given tells whether the keys are there.
func (s *Service) IssueMany(ctx context.Context, p IssueManyParams) (issued IssuedMany, err error) {
	defer func() { s.records.Call(ctx, "key.create_many", issued.BatchID, err) }()
	by := s.attribution(ctx)
	made, invalid := s.makeMany(p, by)
	if p.BatchID != "" && ids.Canonical(p.BatchID) == "" {
		invalid = append(invalid, problem.NewField("batch_id", "id_invalid", "This does not have the form of an id (a UUID, RFC 9562)."))
	}
	if len(invalid) > 0 {
		return issued, problem.InvalidFields(invalid...)
	}
	if made.BatchID = ids.Canonical(p.BatchID); made.BatchID == "" {
		made.BatchID = ids.New()
	}
	issued.BatchID = made.BatchID
	if err := s.storeMany(ctx, by, made.Keys, made.BatchID); err != nil {
		return issued, batchProblem(err)
	}
	return made, nil
}

func batchProblem(err error) error {
	var stored *repository.BatchError
	if errors.As(err, &stored) {
		exists := problem.Conflict("batch_exists", "The keys of this batch were issued before, and are not shown again. Revoke them if they were lost, and ask for another batch.")
		exists.Extra = map[string]any{"ids": stored.KeyIDs}
		return exists.WithCause(err)
	}
	return notFoundOr(err)
}

// makeMany makes the keys, and says what is wrong with what was asked for.
func (s *Service) makeMany(p IssueManyParams, by repository.Attribution) (made IssuedMany, invalid []problem.Field) {
	if n := len(p.Keys); n < 1 || n > repository.BatchSize {
		return made, []problem.Field{problem.NewField("keys", "keys_invalid", fmt.Sprintf("There must be 1 to %d keys, and there are %d.", repository.BatchSize, n))}
	}
	for i, asked := range p.Keys {
		text := security.NewKey(s.policy.Prefixes[0])
		date, wrong := s.validity(asked.ExpirationDate, asked.NeverExpires, by.At, asked.UserID != "")
		if asked.Name != "" {
			wrong = fields.Append(wrong, "name", security.CheckName(asked.Name))
		} else if asked.UserID == "" {
			wrong = append(wrong, problem.Missing("name"))
		}
		if asked.UserID != "" {
			for _, field := range fields.ID(asked.UserID) {
				field.Field = "user_id"
				wrong = append(wrong, field)
			}
		}
		invalid = append(invalid, inRow(i, wrong)...)
		key := newKey(text, asked.Name, by, date, !asked.ExpirationDate.IsZero())
		key.UserID = ids.Canonical(asked.UserID)
		made.Keys = append(made.Keys, Issued{key, text})
	}
	return made, invalid
}

// inRow names a row in fields.
func inRow(i int, invalid []problem.Field) []problem.Field {
	for j := range invalid {
		invalid[j].Field = fmt.Sprintf("keys[%d].%s", i, invalid[j].Field)
	}
	return invalid
}

// storeMany stores the keys. If a user was changed in between, it reads the users
// again: what they were allowed then must still hold.
func (s *Service) storeMany(ctx context.Context, by repository.Attribution, made []Issued, batchID string) error {
	for range maxAttempts {
		if err := s.fillInUsers(ctx, made); err != nil {
			return err
		}
		batch := repository.Batch{ID: batchID, Keys: make([]models.APIKey, len(made))}
		for i, issued := range made {
			batch.Keys[i] = issued.APIKey
		}
		ctx, cancel := store.Context(ctx)
		err := s.repo.CreateKeys(ctx, by, batch, repository.CreateKeyOptions{MaxKeys: s.policy.MaxKeysPerUser})
		cancel()
		switch {
		case errors.Is(err, repository.ErrTooManyKeys):
			return s.tooManyKeys().WithCause(err)
		case errors.Is(err, repository.ErrNotFound): // a user was deleted meanwhile
		case !errors.Is(err, repository.ErrOutdated):
			return err
		}
	}
	return repository.ErrOutdated
}

// fillInUsers reads the users of the keys, each once.
func (s *Service) fillInUsers(ctx context.Context, made []Issued) error {
	known, invalid := map[string]models.User{}, []problem.Field{}
	for i := range made {
		key := &made[i].APIKey
		if key.UserID == "" {
			continue
		}
		user, ok := known[key.UserID]
		if !ok {
			found, err := s.user(ctx, key.UserID)
			if err == nil {
				err = s.MayHold(found)
			}
			if refused := problem.From(err); err != nil && slices.Contains([]problem.Kind{problem.KindNotFound, problem.KindForbidden}, refused.Kind) {
				invalid = append(invalid, inRow(i, []problem.Field{problem.NewField("user_id", refused.Code, refused.Detail)})...)
				continue
			} else if err != nil {
				return err
			}
			user = found
			known[key.UserID] = user
		}
		key.Username, key.UserVersion, key.AccessUntil = user.Username, user.Version, user.AccessUntil
	}
	if len(invalid) > 0 {
		return problem.InvalidFields(invalid...)
	}
	return nil
}
