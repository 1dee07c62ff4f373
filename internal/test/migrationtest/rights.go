package migrationtest

import "testing"

// WithoutDDL checks that an account that may not create or alter tables works
// where the schema is current, and is told what to do where it is not, or where
// it may not write. It gets rights, such as "SELECT", on all tables by grant.
func WithoutDDL(t *testing.T, owner, account Schema, grant func(t *testing.T, rights string)) {
	closes(t, owner.opened(t))
	grant(t, "SELECT")
	account.refuses(t, "the account must have SELECT, INSERT, UPDATE and DELETE on the table", "ginauth_")
	grant(t, "SELECT, INSERT, UPDATE, DELETE")
	repo := account.opened(t)
	changesWork(t, repo)
	closes(t, repo)
	owner.exec(t, toSchema1()...)
	account.refuses(t, "the schema is at step 1", "allowed to create and alter tables")
	closes(t, owner.opened(t))
	grant(t, "SELECT, INSERT, UPDATE, DELETE")
	repo = account.opened(t)
	changesWork(t, repo)
	closes(t, repo)
}
