package memory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// CreateKey implements repository.Keys.
func (s keyStore) CreateKey(ctx context.Context, by repository.Attribution, key models.APIKey, options repository.CreateKeyOptions) error {
	return s.change(ctx, by, func() error { return s.tryInsert(by, key, options) }, object{models.ObjectKey, key.ID})
}

func (s keyStore) tryInsert(by repository.Attribution, key models.APIKey, options repository.CreateKeyOptions) error {
	if err := s.requireUser(key); err != nil {
		return err
	}
	if key.UserID != "" && options.MaxKeys > 0 && s.countKeys(key.UserID) >= options.MaxKeys {
		return repository.ErrTooManyKeys
	}
	if err := s.requireFreeKey(key); err != nil {
		return err
	}
	s.insertKey(by, key)
	return nil
}

// requireUser checks that the key's user is there, in the version that the key
// names.
func (s keyStore) requireUser(key models.APIKey) error {
	if key.UserID == "" {
		return nil
	}
	user, ok := s.users[key.UserID]
	if !ok {
		return fmt.Errorf("finding the key's user: %w", repository.ErrNotFound)
	}
	if key.UserVersion != 0 && key.UserVersion != user.Version {
		return repository.ErrOutdated
	}
	return nil
}

// countKeys counts the keys of a user that are not revoked.
func (s keyStore) countKeys(userID string) (n int) {
	for _, key := range s.keys {
		if key.UserID == userID && !key.IsRevoked() {
			n++
		}
	}
	return n
}

// requireFreeKey checks the values of a new key that must be unique.
func (d *database) requireFreeKey(key models.APIKey) error {
	if _, taken := d.totals[key.ID]; taken {
		return &repository.ConflictError{Field: "id"}
	}
	if _, taken := d.hashes[string(key.Hash)]; taken {
		return &repository.ConflictError{Field: "hash"}
	}
	return nil
}

// insertKey stores a new key and its empty usage.
func (d *database) insertKey(by repository.Attribution, key models.APIKey) {
	d.totals[key.ID] = models.Usage{KeyID: key.ID}
	d.hashes[string(key.Hash)] = key.ID
	d.keys[key.ID] = models.APIKey{
		ID: key.ID, Hash: bytes.Clone(key.Hash), Hint: key.Hint, Name: key.Name, UserID: key.UserID, IssuedBy: by.Actor, Version: 1,
		CreationDate: stored(key.CreationDate), ExpirationDate: stored(key.ExpirationDate),
		ExpirationFixed: key.ExpirationFixed, RevocationDate: stored(key.RevocationDate),
	}
}

// withOwner returns a copy of a stored key with what is told of its owner.
func (d *database) withOwner(key models.APIKey) models.APIKey {
	key.Hash = bytes.Clone(key.Hash)
	if owner, ok := d.users[key.UserID]; ok {
		key.Username, key.UserVersion = owner.Username, owner.Version
		key.DisabledDate, key.AccessUntil = owner.DisabledDate, owner.AccessUntil
	}
	return key
}

// KeyByHash implements repository.Keys.
func (s keyStore) KeyByHash(ctx context.Context, hash []byte) (key models.APIKey, err error) {
	err = s.read(ctx, func() error {
		found, ok := s.keys[s.hashes[string(hash)]]
		if !ok {
			return fmt.Errorf("finding a key: %w", repository.ErrNotFound)
		}
		key = s.withOwner(found)
		return nil
	})
	return key, err
}

// RenewKey implements repository.Keys.
func (s keyStore) RenewKey(ctx context.Context, by repository.Attribution, id string, renewal repository.Renewal) (renewed models.APIKey, reactivated bool, err error) {
	err = s.change(ctx, by, func() error {
		key, ok := s.keys[id]
		switch {
		case !ok:
			return fmt.Errorf("renewing a key: %w", repository.ErrNotFound)
		case key.ExpirationFixed && renewal.ByOwner:
			return repository.ErrExpirationFixed
		case key.IsRevoked() && !renewal.Reactivate:
			return repository.ErrRevoked
		}
		reactivated = key.IsRevoked()
		key.ExpirationDate, key.ExpirationFixed = stored(renewal.Expiration), renewal.Fixed
		key.RevocationDate = time.Time{}
		renewed = s.replaceKey(key)
		return nil
	}, object{models.ObjectKey, id})
	return renewed, reactivated, err
}

// replaceKey stores the next version of a key.
func (d *database) replaceKey(key models.APIKey) models.APIKey {
	key.Version++
	d.keys[key.ID] = key
	return d.withOwner(key)
}

// errUnchanged says that a change turned out to be none, and is not logged.
var errUnchanged = errors.New("unchanged")

// RevokeKey implements repository.Keys.
func (s keyStore) RevokeKey(ctx context.Context, by repository.Attribution, id string) (revoked models.APIKey, err error) {
	err = s.change(ctx, by, func() error {
		key, ok := s.keys[id]
		if !ok {
			return fmt.Errorf("revoking a key: %w", repository.ErrNotFound)
		}
		if key.IsRevoked() {
			revoked = s.withOwner(key)
			return errUnchanged
		}
		key.RevocationDate = stored(by.At)
		revoked = s.replaceKey(key)
		return nil
	}, object{models.ObjectKey, id})
	if errors.Is(err, errUnchanged) {
		err = nil
	}
	return revoked, err
}

// DeleteKey implements repository.Keys.
func (s keyStore) DeleteKey(ctx context.Context, by repository.Attribution, id string) error {
	return s.change(ctx, by, func() error {
		key, ok := s.keys[id]
		if !ok {
			return fmt.Errorf("deleting a key: %w", repository.ErrNotFound)
		}
		delete(s.keys, id)
		delete(s.hashes, string(key.Hash))
		return nil
	}, object{models.ObjectKey, id})
}
