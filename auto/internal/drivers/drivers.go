// Package drivers opens the databases whose drivers were built in: all, but for those that
// a build tag such as ginauth_nosqlite leaves out. Two modules that register a
// database/sql driver under one name cannot be in one program.
package drivers
