package gormrepo

import (
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository"
)

// wrap adds what was being done to an error, and turns GORM's absence into the
// contract's. A nil error stays nil.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return fmt.Errorf("%s: %w", doing, repository.ErrNotFound)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
