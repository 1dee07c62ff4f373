package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/ginauth/ginauth/repository"
	"github.com/ginauth/ginauth/repository/internal/gormrepo"
)

const (
	// channel is what changes are announced on.
	channel = "ginauth_changes"
	// connectTimeout and hangUpTimeout bound the beginning and the end of the
	// connection.
	connectTimeout = 10 * time.Second
	hangUpTimeout  = time.Second
)

// announce notifies those who listen, when the transaction commits.
func announce(tx *gorm.DB) error { return tx.Exec("SELECT pg_notify(?, '')", channel).Error }

// listening is the repository that sends PostgreSQL's notifications.
type listening struct {
	*gormrepo.Repository
	config *pgx.ConnConfig
}

var _ repository.Notifier = (*listening)(nil)

// Subscribe implements repository.Notifier over a connection of its own. It notifies
// once at the beginning, for changes made before that.
func (l *listening) Subscribe(ctx context.Context, notify func()) error {
	conn, err := l.connect(ctx)
	if err != nil {
		return fmt.Errorf("listening for changes: %w", err)
	}
	defer hangUp(conn)
	for {
		notify()
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return fmt.Errorf("listening for changes: %w", err)
		}
	}
}

func (l *listening) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, l.config.Copy())
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		hangUp(conn)
		return nil, err
	}
	return conn, nil
}

func hangUp(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), hangUpTimeout)
	defer cancel()
	_ = conn.Close(ctx)
}
