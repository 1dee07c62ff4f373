package memory

import (
	"context"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// CreateKeys implements repository.Keys. Keys that were inserted are taken back if one
// cannot be.
func (s keyStore) CreateKeys(ctx context.Context, by repository.Attribution, batch repository.Batch, options repository.CreateKeyOptions) error {
	objects := []object{}
	for _, key := range batch.Keys {
		objects = append(objects, object{models.ObjectKey, key.ID})
	}
	return s.change(ctx, by, func() error {
		if ids, stored := s.batches[batch.ID]; stored {
			return &repository.BatchError{KeyIDs: ids}
		}
		ids := []string{}
		for _, key := range batch.Keys {
			if err := s.tryInsert(by, key, options); err != nil {
				for _, id := range ids {
					s.withdraw(id)
				}
				return err
			}
			ids = append(ids, key.ID)
		}
		s.batches[batch.ID] = ids
		return nil
	}, objects...)
}

// withdraw takes a key back that nobody has seen.
func (d *database) withdraw(id string) {
	delete(d.hashes, string(d.keys[id].Hash))
	delete(d.keys, id)
	delete(d.totals, id)
}

// RevokeKeys implements repository.Keys.
func (s keyStore) RevokeKeys(ctx context.Context, by repository.Attribution, filter repository.KeyFilter, ids []string) (revoked []string, err error) {
	objects := []object{}
	err = s.changeSome(ctx, by, func() ([]object, error) {
		for _, id := range ids {
			key, ok := s.keys[id]
			if !ok || !s.isRevocable(key, filter) {
				continue
			}
			key.RevocationDate = stored(by.At)
			s.replaceKey(key)
			revoked, objects = append(revoked, id), append(objects, object{models.ObjectKey, id})
		}
		return objects, nil
	})
	return revoked, err
}

// isRevocable reports whether the key meets the filter and is not revoked.
func (s keyStore) isRevocable(key models.APIKey, filter repository.KeyFilter) bool {
	return !key.IsRevoked() && s.matches(s.row(key.ID, s.totals[key.ID]), filter)
}

// MatchingKeys implements repository.Keys.
func (s keyStore) MatchingKeys(ctx context.Context, filter repository.KeyFilter, limit int) (ids []string, err error) {
	err = s.read(ctx, func() error {
		for id, key := range s.keys {
			if len(ids) < limit && s.isRevocable(key, filter) {
				ids = append(ids, id)
			}
		}
		return nil
	})
	return ids, err
}
