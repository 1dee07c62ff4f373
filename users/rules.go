package users

import (
	"slices"

	"github.com/ginauth/ginauth/problem"
	"github.com/ginauth/ginauth/security"
)

// passwordRules are those for new passwords: a policy, and what is refused
// whatever the policy.
type passwordRules struct {
	policy func(password string) []security.RuleError
}

// check refuses a password of the user with the given names, and proposes one that
// the rules accept.
func (r passwordRules) check(password string, identities ...string) error {
	broken := slices.Concat(r.policy(password), security.CheckAnyPassword(password, identities...))
	if len(broken) == 0 {
		return nil
	}
	invalid := []problem.Field{}
	seen := map[string]bool{}
	for _, rule := range broken {
		if !seen[rule.Code] {
			invalid = append(invalid, problem.NewField("password", rule.Code, rule.Detail))
		}
		seen[rule.Code] = true
	}
	refusal := problem.InvalidFields(invalid...)
	if proposal := r.propose(identities); proposal != "" {
		refusal.Extra = map[string]any{"proposed_password": proposal}
	}
	return refusal
}

// propose returns none if the policy refuses all that it is shown.
func (r passwordRules) propose(identities []string) string {
	const proposals = 10
	for range proposals {
		if proposal := security.ProposePassword(identities...); len(r.policy(proposal)) == 0 {
			return proposal
		}
	}
	return ""
}
