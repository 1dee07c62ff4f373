package models

import "time"

// Usage is what one key was used for: its total, or the part of it that is
// about to be added. It is kept apart from the key and outlives it.
type Usage struct {
	KeyID string `gorm:"primaryKey"`
	// TotalQueries counts the requests that passed the guard.
	TotalQueries int64
	// LatestQueryDate is the time of the latest of them; zero for none.
	LatestQueryDate time.Time `gorm:"serializer:ginauth_date"`
}

// TableName implements gorm's Tabler.
func (Usage) TableName() string { return "ginauth_usage" }

// HourUsage is how often one key was used on one route in one hour.
type HourUsage struct {
	KeyID string
	// UserID names the key's owner, so that what a key was used for still counts
	// for them when it is deleted; empty for a service key.
	UserID string
	// Route is the template that the request matched, such as /users/:id; empty
	// if there was none or it was not kept.
	Route string
	// Hour is when the hour began; hours are those of UTC.
	Hour         time.Time
	TotalQueries int64
}
