package keycache

import (
	"context"
	"errors"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
)

// Writing returns the repository with every change to it passed to the cache:
// when a call returns, whatever it returns, this node serves nothing that was
// read before.
func (c *Cache) Writing(repo repository.Repository) repository.Repository {
	return writing{repo, c}
}

type writing struct {
	repository.Repository
	cache *Cache
}

func (w writing) CreateKey(ctx context.Context, by repository.Attribution, key models.APIKey, options repository.CreateKeyOptions) error {
	err := w.Repository.CreateKey(ctx, by, key, options)
	w.cache.created(key, err)
	return err
}

func (w writing) CreateUser(ctx context.Context, by repository.Attribution, user models.User, key models.APIKey) error {
	defer w.cache.Invalidate(user.ID)
	err := w.Repository.CreateUser(ctx, by, user, key)
	w.cache.created(key, err)
	return err
}

func (w writing) CreateKeys(ctx context.Context, by repository.Attribution, batch repository.Batch, options repository.CreateKeyOptions) error {
	err := w.Repository.CreateKeys(ctx, by, batch, options)
	for _, key := range batch.Keys {
		w.cache.created(key, err)
	}
	return err
}

// RevokeKeys invalidates all the keys if it is not known which were revoked.
func (w writing) RevokeKeys(ctx context.Context, by repository.Attribution, filter repository.KeyFilter, ids []string) ([]string, error) {
	revoked, err := w.Repository.RevokeKeys(ctx, by, filter, ids)
	changed := revoked
	if err != nil {
		changed = ids
	}
	for _, id := range changed {
		w.cache.Invalidate(id)
	}
	return revoked, err
}

// created makes a key that was created without an error one that is known and
// has to be read, so that it is not taken for an unknown one at its first use.
// One of which it is not known is treated as one that another process creates.
// After any other error nothing has changed.
func (c *Cache) created(key models.APIKey, err error) {
	switch {
	case err == nil:
		c.remember(c.newKey(key, 0, 0))
		c.Invalidate(key.ID)
		c.changes.add(string(key.Hash))
	case errors.Is(err, repository.ErrOutcomeUnknown):
		c.InvalidateKeys(key.ID)
	}
}

func (w writing) RenewKey(ctx context.Context, by repository.Attribution, id string, renewal repository.Renewal) (models.APIKey, bool, error) {
	defer w.cache.Invalidate(id)
	return w.Repository.RenewKey(ctx, by, id, renewal)
}

// RevokeKey tells the cache nothing if the cache has seen the same revocation:
// then nothing has changed. The revoked key is remembered, so that this can be
// told the next time.
func (w writing) RevokeKey(ctx context.Context, by repository.Attribution, id string) (models.APIKey, error) {
	number, elapsed := w.cache.changes.generation(), w.cache.elapsed()
	key, err := w.Repository.RevokeKey(ctx, by, id)
	if err != nil {
		w.cache.Invalidate(id)
		return key, err
	}
	if len(key.Hash) != len(Hash{}) { // a store that breaks its contract must not hide the revocation
		w.cache.Invalidate(id)
		return key, nil
	}
	if !w.cache.holdsRevocation(key) {
		w.cache.Invalidate(id)
		w.cache.remember(w.cache.newKey(key, number, elapsed))
	}
	return key, nil
}

// holdsRevocation reports whether the key is remembered as it was left by the
// same revocation.
func (c *Cache) holdsRevocation(revoked models.APIKey) bool {
	hash := Hash(revoked.Hash)
	held := c.keys.find(&hash)
	return held != nil && held.special != nil && held.special.revocation == millis(revoked.RevocationDate)
}

func (w writing) DeleteKey(ctx context.Context, by repository.Attribution, id string) error {
	defer w.cache.Invalidate(id)
	return w.Repository.DeleteKey(ctx, by, id)
}

func (w writing) UpdateUser(ctx context.Context, by repository.Attribution, user models.User, update repository.UserUpdate) (models.User, error) {
	defer w.cache.Invalidate(user.ID)
	return w.Repository.UpdateUser(ctx, by, user, update)
}

func (w writing) DeleteUser(ctx context.Context, by repository.Attribution, id string, options repository.DeleteUserOptions) error {
	defer w.cache.Invalidate(id)
	return w.Repository.DeleteUser(ctx, by, id, options)
}
