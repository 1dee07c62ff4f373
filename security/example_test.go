package security_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ginauth/ginauth/security"
)

func ExampleNewKey() {
	key := security.NewKey(security.DefaultPrefix)
	fmt.Println(len(key), strings.HasPrefix(key, "ga_"))
	fmt.Println(security.IsKey("ga", key), security.IsKey("ga", key+"x"))
	// Output:
	// 52 true
	// true false
}

func ExampleHint() {
	fmt.Println(security.Hint("ga_00000000000000000000000000000000000000000003yLpPR"))
	// Output: ga_0000
}

func ExampleNewSecrets() {
	secrets, err := security.NewSecrets("the current one", "the previous one")
	fmt.Println(err, secrets.Match("the current one"), secrets.Match("the previous one"), secrets.Match(""))
	fmt.Println(secrets)
	// Output:
	// <nil> true true false
	// security.Secrets(redacted)
}

func ExampleVerifyPassword() {
	hash := security.HashPassword("Correct_Horse9")
	ok, err := security.VerifyPassword(hash, "Correct_Horse9")
	fmt.Println(ok, err)
	ok, err = security.VerifyPassword(hash, "correct_horse9")
	fmt.Println(ok, err)
	ok, err = security.VerifyPassword("not a hash", "Correct_Horse9")
	fmt.Println(ok, errors.Is(err, security.ErrUnreadableHash))
	// Output:
	// true <nil>
	// false <nil>
	// false true
}

// A hash of another system is replaced by one of today's as soon as the password is at hand.
func ExampleNeedsRehash() {
	stored := "$2b$05$abcdefghijklmnopqrstuuKmfanVS2OqGXSg54lvwhZuWrDzS4wJK"
	const password = "Another#Passw0rd"
	ok, err := security.VerifyPassword(stored, password)
	if err == nil && ok && security.NeedsRehash(stored) {
		stored = security.HashPassword(password)
	}
	fmt.Println(stored[:10], security.NeedsRehash(stored))
	// Output:
	// $argon2id$ false
}

func ExampleCheckPassword() {
	for _, rule := range security.CheckPassword("password_") {
		fmt.Println(rule.Code, "-", rule.Detail)
	}
	fmt.Println(security.CheckPassword(security.ProposePassword()) == nil)
	// Output:
	// password_no_digit - The password must contain a digit.
	// password_no_uppercase - The password must contain an upper-case letter.
	// true
}

// These rules hold beside any policy: the username, the address and the service's name are the identities.
func ExampleCheckAnyPassword() {
	for _, password := range []string{"P@ssw0rd2026!", "Egabbab_1815", "Analytical-1_Engine"} {
		for _, rule := range security.CheckAnyPassword(password, "ada.babbage", "babbage@example.com", "Engines Ltd") {
			fmt.Println(password, rule.Code)
		}
	}
	// Output:
	// P@ssw0rd2026! password_common
	// Egabbab_1815 password_contains_identity
}

func ExampleCanonicalUsername() {
	fmt.Println(security.CanonicalUsername("Jürgen"))
	_, err := security.CanonicalUsername("jürgen@home")
	fmt.Println(err)
	// Output:
	// jürgen <nil>
	// The username may contain letters, digits and punctuation, but no space, '@' or ':'.
}

func ExampleCanonicalEmail() {
	fmt.Println(security.CanonicalEmail("Alice@Bücher.example"))
	_, err := security.CanonicalEmail("Alice <alice@example.org>")
	var rule security.RuleError
	fmt.Println(errors.As(err, &rule), rule.Code)
	// Output:
	// alice@xn--bcher-kva.example <nil>
	// true email_invalid
}

func ExampleCheckName() {
	fmt.Println(security.CheckName("Nightly backup (Zürich)"))
	fmt.Println(security.CheckName(""))
	// Output:
	// <nil>
	// The name must not be empty.
}

// The token is mailed, its hash is stored with the user, and the link brings it back.
func ExampleNewToken() {
	token := security.NewToken("0198c0de-7a11-7000-8000-000000000001")
	stored := security.HashToken(token)

	userID, ok := security.ParseToken(token)
	fmt.Println(userID, ok)
	fmt.Println(security.MatchToken(stored[:], token), security.MatchToken(nil, token))
	// Output:
	// 0198c0de-7a11-7000-8000-000000000001 true
	// true false
}
