package repository

import "fmt"

// The bounds of MaxConnections, and what it is for a server unless it is set.
const (
	LeastConnections   = 2
	MostConnections    = 1000
	DefaultConnections = 18
)

// Options are what the backends' Open functions are told beside the place.
type Options struct {
	// MaxConnections is that of the option; 0 if it is not set.
	MaxConnections int
	// AllowSharedFile is that of the option.
	AllowSharedFile bool
}

// Option changes one of the Options.
type Option func(*Options)

// MaxConnections bounds how many connections to its database one process has,
// between LeastConnections and MostConnections. Of those to a PostgreSQL or
// MySQL server one follows the change log, one listens for changes if there are
// at least four, and the others read and write. Calls wait for a connection
// while all are taken.
func MaxConnections(n int) Option {
	return func(o *Options) { o.MaxConnections = n }
}

// AllowSharedFile takes an SQLite file that others than this process's user and
// root may write, or whose folder they may: they can put keys into it, which are
// as good as any. The findings are then in the warnings, see Advisor. Other
// backends ignore it.
func AllowSharedFile() Option { return func(o *Options) { o.AllowSharedFile = true } }

// NewOptions applies options; an error if one is out of its bounds.
func NewOptions(options ...Option) (Options, error) {
	var o Options
	for _, change := range options {
		change(&o)
	}
	if n := o.MaxConnections; n != 0 && (n < LeastConnections || n > MostConnections) {
		return o, fmt.Errorf("at most %d connections: the number must be between %d and %d", n, LeastConnections, MostConnections)
	}
	return o, nil
}
