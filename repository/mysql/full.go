package mysql

// Errors of a server that has no room for a change. They come before the
// storage engine commits; an engine that fails to commit is 1180.
const (
	diskFull       = 1021 // ER_DISK_FULL
	outOfResources = 1041 // ER_OUT_OF_RESOURCES
	tableFull      = 1114 // ER_RECORD_FILE_FULL
)

// isUndone reports whether an error of COMMIT says that nothing was committed.
func isUndone(err error) bool { return hasNumber(err, diskFull, outOfResources, tableFull) }
