package sqlite

import "syscall"

// hasACL reports whether more than owner, group and others have rights.
func hasACL(path string) bool {
	size, err := syscall.Getxattr(path, "system.posix_acl_access", nil)
	return err == nil && size > 0
}
