package sqlite

import "errors"

// Result codes of SQLite (https://sqlite.org/rescode.html), which both drivers
// report. An extended code has the primary one in its lowest byte.
const (
	codeBusy, codeLocked       = 5, 6
	codeReadOnly               = 8
	codeFull                   = 13
	codeCannotOpen             = 14
	codeConstraint             = 19
	codeIORead, codeIOWrite    = 10 | 1<<8, 10 | 3<<8
	codePrimaryKey, codeUnique = 19 | 6<<8, 19 | 8<<8
	primaryCode                = 0xff
)

// isUniqueViolation reports a value that is taken.
func isUniqueViolation(err error) bool {
	code := resultCode(err)
	return code == codeUnique || code == codePrimaryKey
}

func isBusy(err error) bool {
	return resultCode(err)&primaryCode == codeBusy
}

// isUndone reports whether an error of COMMIT says that nothing was committed.
// SQLite has rolled back then, and so have the drivers. A failed fsync is not
// among them, nor is an index of the log that cannot grow: what was written to
// the log may come back when it is read after a crash.
func isUndone(err error) bool {
	if errors.As(err, &uncertainError{}) {
		return false
	}
	if errors.Is(err, errReplaced) {
		return true
	}
	code := resultCode(err)
	switch code {
	case codeIORead, codeIOWrite:
		return true
	}
	switch code & primaryCode {
	case codeBusy, codeLocked, codeReadOnly, codeFull, codeCannotOpen, codeConstraint:
		return true
	}
	return false
}
