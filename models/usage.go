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
