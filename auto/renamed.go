package auto

import (
	"log/slog"
	"os"
)

// renamed are the former names of variables, see
// docs/decisions/0016-words.md.
func renamed() map[string]string {
	return map[string]string{prefix + "_USAGE_FOLD_AFTER": prefix + "_USAGE_ROLLUP_AFTER"}
}

// warnOfRenamed names each variable that is set under its former name.
func warnOfRenamed(logger *slog.Logger) {
	for former, name := range renamed() {
		if _, ok := os.LookupEnv(former); ok {
			logger.Warn(former + " has no effect: its name is " + name + " now")
		}
	}
}
