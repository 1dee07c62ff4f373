// Package announce logs what has started, in one line.
package announce

import (
	"log/slog"
	"runtime/debug"

	"github.com/ginauth/ginauth/repository"
)

const module = "github.com/ginauth/ginauth"

// Start logs the version, the database, the key prefix, and where keys are read from.
func Start(logger *slog.Logger, repo repository.Repository, prefix, sources string) {
	var found repository.Description
	if describer, ok := repo.(repository.Describer); ok {
		found = describer.Describe()
	}
	logger.Info("ginauth has started", "version", version(), "database", found.Database, "database_version", found.Version,
		"schema", found.Schema, "key_prefix", prefix, "key_sources", sources)
}

// version is the one that the application was built with; "(devel)" in ginauth itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			return dependency.Version
		}
	}
	return info.Main.Version
}
