package problem_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ginauth/ginauth/problem"
)

// A problem is found through wrapping, and what is no problem is an outage whose
// cause only operators read.
func TestFrom(t *testing.T) {
	wrong := problem.Forbidden("wrong_password", "The password is wrong.")
	if found := problem.From(fmt.Errorf("checking: %w", wrong)); found != wrong {
		t.Errorf("a wrapped problem becomes %v", found)
	}
	down := errors.New("connection refused by 10.0.0.7")
	outage := problem.From(down)
	if outage.Kind != problem.KindUnavailable || outage.RetryAfter == 0 || !errors.Is(outage, down) {
		t.Errorf("a failure of the store becomes %+v", outage)
	}
	if outage.Detail == outage.Error() || outage.Error() != "store_unavailable: "+down.Error() {
		t.Errorf("clients read %q and operators %q", outage.Detail, outage.Error())
	}
	if problem.From(nil) != nil {
		t.Error("no error becomes a problem")
	}
}

func TestIs(t *testing.T) {
	err := fmt.Errorf("checking: %w", problem.NotFound("key_not_found", "There is no such key."))
	if !problem.Is(err, "key_not_found") || problem.Is(err, "user_not_found") || problem.Is(errors.New("key_not_found"), "key_not_found") {
		t.Error("codes are confused")
	}
}

// Constructors return shared values nowhere: a cause belongs to one error.
func TestWithCause(t *testing.T) {
	plain := problem.Conflict("email_taken", "The email belongs to someone else.")
	down := errors.New("down")
	if caused := plain.WithCause(down); !errors.Is(caused, down) || errors.Is(plain, down) || caused.Code != plain.Code {
		t.Error("the cause is not the copy's alone")
	}
}
