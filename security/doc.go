// Package security holds the pure functions that ginauth's safety rests on: API keys, admin
// secrets, passwords, tokens for links in mails, and the canonical forms of usernames and email
// addresses.
//
// Nothing here knows of HTTP or of a database, keeps state, or reads anything but its arguments
// and the operating system's random numbers, so every function may be called from many
// goroutines at once. No error of this package ever quotes a key, a secret, a password,
// a token or a hash.
package security
