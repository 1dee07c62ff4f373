package gormrepo

import (
	"errors"
	"fmt"
	"strings"

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

// wrapInsert is wrap for an insert, which may meet a taken value. The driver's
// error is left out then, since some drivers put the value into its text.
func (r *Repository) wrapInsert(doing string, err error) error {
	column, taken := r.backend.UniqueViolation(err)
	if !taken {
		return wrap(doing, err)
	}
	return fmt.Errorf("%s: %w", doing, &repository.ConflictError{Field: fieldOf(column)})
}

// fieldOf finds the field's name in a driver's name for a column or an index.
func fieldOf(column string) string {
	for _, field := range []string{"username", "email", "hash"} {
		if strings.HasSuffix(column, field) {
			return field
		}
	}
	return "id"
}
