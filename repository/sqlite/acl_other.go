//go:build unix && !linux

package sqlite

// hasACL knows of no access control lists here.
func hasACL(string) bool { return false }
