package sqlite

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

// erasing leaves nothing of what users were in the write-ahead log, where the
// former pages stay until it is written over, which may take weeks. In the file
// itself they are overwritten, see session.
type erasing struct {
	*gormrepo.Repository
	write    *gorm.DB
	warnings []string
}

// Warnings implements repository.Advisor.
func (e erasing) Warnings() []string {
	return append(slices.Clone(e.warnings), e.Repository.Warnings()...)
}

// UpdateUser implements repository.Repository.
func (e erasing) UpdateUser(ctx context.Context, by repository.Attribution, user models.User, update repository.UserUpdate) (models.User, error) {
	updated, err := e.Repository.UpdateUser(ctx, by, user, update)
	e.emptyLog(ctx, err)
	return updated, err
}

// DeleteUser implements repository.Repository.
func (e erasing) DeleteUser(ctx context.Context, by repository.Attribution, id string, options repository.DeleteUserOptions) error {
	err := e.Repository.DeleteUser(ctx, by, id, options)
	e.emptyLog(ctx, err)
	return err
}

// emptyLog moves the log into the file and cuts it to nothing
// (https://sqlite.org/pragma.html#pragma_wal_checkpoint), if there was a change.
// A caller who leaves does not keep that from happening. It is given up where
// others read all the time, since the change is made: the next one tries it
// again, and who closes the file last does it in any case.
func (e erasing) emptyLog(ctx context.Context, err error) {
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), busyTimeout)
	defer cancel()
	e.write.WithContext(ctx).Exec("PRAGMA wal_checkpoint(TRUNCATE)")
}
