package models

import "time"

// Object is the kind of thing that a change concerns.
type Object string

// The objects whose changes are logged.
const (
	ObjectKey  Object = "key"
	ObjectUser Object = "user"
)

// Change is one entry of the change log: something about a key or a user is
// different now, its deletion included, or it is new. It says what, not how:
// who follows the log forgets what it holds of the object, for a user of all
// their keys, and at any entry of a key what it holds to be unknown.
type Change struct {
	// Number is 1 for the first entry and grows by one with each; the order
	// of numbers is the order in which the changes came into force.
	Number int64 `gorm:"primaryKey;autoIncrement:false"`
	// ID is random and tells this entry from another that carries the same
	// number after a database was restored from an older copy.
	ID       string
	Object   Object
	ObjectID string
	// Actor and Date say who made the change, and when by that node's clock.
	Actor string
	Date  time.Time `gorm:"serializer:ginauth_date"`
}

// TableName implements gorm's Tabler.
func (Change) TableName() string { return "ginauth_changes" }
