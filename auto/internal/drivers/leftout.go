//go:build ginauth_nosqlite || ginauth_nopostgres || ginauth_nomysql || ginauth_nomongodb

package drivers

import "fmt"

// leftOut is the error of a database whose driver is not there.
func leftOut(mode string) error {
	return fmt.Errorf("this program was built with the tag ginauth_no%s, which leaves out the driver of %s", mode, mode)
}
