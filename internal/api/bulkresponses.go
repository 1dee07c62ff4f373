package api

import (
	"time"

	"github.com/ginauth/ginauth/keys"
)

// KeyTotals are how many keys there are in each state.
type KeyTotals struct {
	// AsOf is when the keys were counted, at most a minute ago.
	AsOf     Date  `json:"as_of" swaggertype:"string" format:"date-time" example:"2026-12-01T09:30:00.000Z"`
	Active   int64 `json:"active" format:"int64" minimum:"0" example:"42"`
	Expired  int64 `json:"expired" format:"int64" minimum:"0" example:"3"`
	Revoked  int64 `json:"revoked" format:"int64" minimum:"0" example:"2"`
	Disabled int64 `json:"disabled" format:"int64" minimum:"0" example:"0"`
	Deleted  int64 `json:"deleted" format:"int64" minimum:"0" example:"1"`
} // @name KeyTotals

// IssuedBatch are keys that were issued together, shown once.
type IssuedBatch struct {
	BatchID string      `json:"batch_id" format:"uuid" example:"019a2f6e-7c1d-7f3a-9a51-0c2b6d1f4e8a"`
	Keys    []IssuedKey `json:"keys"`
} // @name IssuedBatch

// RevokedBatch says how many keys a filter has found, and how many of them were revoked.
type RevokedBatch struct {
	Matching int `json:"matching" minimum:"0" example:"120"`
	Revoked  int `json:"revoked" minimum:"0" example:"120"`
	// More says that the call has ended before all were revoked; repeat it.
	More bool `json:"more" example:"false"`
} // @name RevokedBatch

// NewKeyTotals shows how many keys there are.
func NewKeyTotals(t keys.Totals) KeyTotals {
	return KeyTotals{Date(t.AsOf), t.Active, t.Expired, t.Revoked, t.Disabled, t.Deleted}
}

// NewIssuedBatch shows keys that were issued together.
func NewIssuedBatch(issued keys.IssuedMany, now time.Time) IssuedBatch {
	return IssuedBatch{issued.BatchID, each(issued.Keys, func(key keys.Issued) IssuedKey { return NewIssuedKey(key, now) })}
}

// NewRevokedBatch shows what revoking many keys has done.
func NewRevokedBatch(done keys.RevokedMany) RevokedBatch {
	return RevokedBatch{done.Matching, done.Revoked, done.More}
}
