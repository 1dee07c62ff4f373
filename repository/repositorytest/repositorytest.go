// Package repositorytest defines when a backend is done: when Run passes.
//
// The suite knows nothing but the contract in package repository. It runs the
// same against one file, a server and a cluster, so it speaks no query
// language, looks at no table and never waits for a clock.
package repositorytest

import (
	"testing"

	"github.com/ginauth/ginauth/repository"
)

// Run checks every promise of repository.Repository. Each call of open returns
// a repository over an empty database that no other call sees, and registers
// with its t whatever must be released; the suite itself closes only where it
// tests closing. Tests run in parallel.
func Run(t *testing.T, open func(t *testing.T) repository.Repository) { run(t, themes(), open) }

// RunLists is Run for lists alone, which a backend may read in several ways.
func RunLists(t *testing.T, open func(t *testing.T) repository.Repository) {
	run(t, []theme{
		{"lists of users", userListTests()}, {"paging of users", userPagingTests()}, {"lists", listTests()},
		{"filters of keys", keyFilterTests()}, {"paging", pagingTests()},
	}, open)
}

func run(t *testing.T, themes []theme, open func(t *testing.T) repository.Repository) {
	for _, theme := range themes {
		t.Run(theme.name, func(t *testing.T) {
			for _, test := range theme.tests {
				t.Run(test.name, func(t *testing.T) {
					t.Parallel()
					test.run(&suite{T: t, repo: open(t)})
				})
			}
		})
	}
}

// theme is one part of the contract, in a file of its own.
type theme struct {
	name  string
	tests []test
}

// test has a database to itself.
type test struct {
	name string
	run  func(s *suite)
}

func themes() []theme {
	return []theme{
		{"keys", keyTests()},
		{"renewal", renewalTests()},
		{"revocation", revocationTests()},
		{"deletion", deletionTests()},
		{"users", userTests()},
		{"changes of users", userChangeTests()},
		{"deletion of users", userDeletionTests()},
		{"lists of users", userListTests()},
		{"paging of users", userPagingTests()},
		{"values of users", userValueTests()},
		{"times of users", userTimeTests()},
		{"races of users", userRaceTests()},
		{"contexts of users", userContextTests()},
		{"tokens", tokenTests()},
		{"notes on users", userNoteTests()},
		{"access", accessTests()},
		{"room for keys", roomTests()},
		{"times", timeTests()},
		{"values", valueTests()},
		{"usage", usageTests()},
		{"series", seriesTests()},
		{"pages of series", seriesPagingTests()},
		{"folding", foldingTests()},
		{"changes", changeTests()},
		{"lists", listTests()},
		{"filters of keys", keyFilterTests()},
		{"bulk", bulkTests()},
		{"paging", pagingTests()},
		{"concurrency", concurrencyTests()},
		{"contexts", contextTests()},
		{"errors", errorTests()},
	}
}
