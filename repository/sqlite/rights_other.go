//go:build !unix

package sqlite

import "io/fs"

// Where files have no owner and mode of the Unix kind, who may write them is left
// to the operator.
func fileFault(fs.FileInfo) string           { return "" }
func folderFault(string, fs.FileInfo) string { return "" }
func mayBeRead(fs.FileInfo) bool             { return false }
