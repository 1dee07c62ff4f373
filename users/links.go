package users

import (
	"context"
	"slices"
	"time"

	"github.com/ginauth/ginauth/models"
	"github.com/ginauth/ginauth/problem"
)

// Link is what a token stands for that was mailed in a link.
type Link struct {
	// Purpose is confirm, change (of the address) or reset.
	Purpose string
	// Email is the address that it was mailed to.
	Email          string
	ExpirationDate time.Time
	// RevokesKeys says that its use revokes the user's keys, since the address is not
	// confirmed yet: somebody else may have registered it.
	RevokesKeys bool
}

// FindLink returns what a mailed token stands for, and leaves the token as it is, so that
// people see what they are about to do. It fails with the problems token_invalid and
// too_many_attempts.
func (s *Service) FindLink(ctx context.Context, token string) (link Link, err error) {
	defer func() { s.records.Call(ctx, "user.link", "", err) }()
	if token == "" {
		return Link{}, problem.InvalidFields(problem.Missing("token"))
	}
	err = s.tokens.limit(ctx, func() error {
		user, found, err := s.tokens.find(ctx, token, allPurposes()...)
		link = newLink(user, found)
		return err
	})
	return link, err
}

func newLink(user models.User, token models.Token) Link {
	link := Link{token.Purpose, token.Email, token.ExpirationDate, !user.IsConfirmed()}
	if slices.Contains(resetPurposes(), token.Purpose) {
		link.Purpose = purposeReset
	}
	return link
}
