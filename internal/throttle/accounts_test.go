package throttle

import (
	"fmt"
	"testing"
	"time"
)

// wait looks without counting.
func wait(a *Accounts, account, address string, now time.Time) time.Duration {
	wait, refund := a.Try(account, address, now)
	if wait == 0 {
		refund()
	}
	return wait
}

func fail(a *Accounts, account, address string, times int) {
	for range times {
		a.Try(account, address, noon)
	}
}

var noon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// A client that guesses from one address waits there, and nobody else does.
func TestAccountFromOneAddress(t *testing.T) {
	a := NewAccounts(5, time.Minute)
	fail(a, "ana", "192.0.2.1", 5)
	if wait := wait(a, "ana", "192.0.2.1", noon); wait != time.Minute {
		t.Errorf("the address waits %v", wait)
	}
	if wait := wait(a, "ana", "192.0.2.1", noon.Add(time.Minute)); wait != 0 {
		t.Errorf("after the refill it waits %v", wait)
	}
	for account, address := range map[string]string{"ana": "192.0.2.2", "bob": "192.0.2.1"} {
		if wait := wait(a, account, address, noon); wait != 0 {
			t.Errorf("%s from %s waits %v", account, address, wait)
		}
	}
}

// Many guesses at once are as many as one after the other.
func TestGuessesAtOnce(t *testing.T) {
	a := NewAccounts(5, time.Minute)
	passed := 0
	for range 100 {
		if wait, _ := a.Try("ana", "192.0.2.1", noon); wait == 0 {
			passed++
		}
	}
	if passed != 5 {
		t.Errorf("%d guesses pass", passed)
	}
}

// A right password costs nothing, however often it is sent.
func TestRightPasswordsAreNoGuesses(t *testing.T) {
	a := NewAccounts(5, time.Minute)
	for range 500 {
		wait, refund := a.Try("ana", "192.0.2.1", noon)
		if wait > 0 {
			t.Fatalf("the user waits %v", wait)
		}
		refund()
	}
}

// A late refund, after other guesses, is whole.
func TestGivenBackLate(t *testing.T) {
	a := NewAccounts(5, time.Minute)
	refunds := []func(){}
	for i := range 5 {
		_, refund := a.Try("ana", "192.0.2.1", noon.Add(time.Duration(i)*time.Millisecond))
		refunds = append(refunds, refund)
	}
	for _, refund := range refunds {
		refund()
	}
	fail(a, "ana", "192.0.2.1", 4)
	if wait := wait(a, "ana", "192.0.2.1", noon); wait != 0 {
		t.Errorf("the fifth guess waits %v", wait)
	}
}

// A known client may send the right password many times at once.
func TestRightPasswordsAtOnce(t *testing.T) {
	a := NewAccounts(5, time.Minute)
	a.Succeed("ana", "ana-id", "192.0.2.1", noon)
	for i := range 50 {
		if wait, _ := a.Try("ana", "192.0.2.1", noon); wait > 0 {
			t.Fatalf("the password number %d waits %v", i, wait)
		}
	}
}

// Guesses from many addresses use up the account's budget, but not that
// of an address from which the password was right.
func TestAccountFromManyAddresses(t *testing.T) {
	a := NewAccounts(5, time.Minute)
	a.Succeed("ana", "ana-id", "192.0.2.1", noon)
	for i := range 50 {
		fail(a, "ana", fmt.Sprintf("198.51.100.%d", i), 1)
	}
	if wait := wait(a, "ana", "192.0.2.2", noon); wait != 6*time.Second {
		t.Errorf("a stranger waits %v", wait)
	}
	if wait := wait(a, "bob", "192.0.2.2", noon); wait != 0 {
		t.Errorf("another account waits %v", wait)
	}
	if wait := wait(a, "ana", "192.0.2.1", noon); wait != 0 {
		t.Errorf("the user waits %v", wait)
	}
	fail(a, "ana", "192.0.2.1", 50)
	if wait := wait(a, "ana", "192.0.2.1", noon); wait != 6*time.Second {
		t.Errorf("from the user's address the next guess waits %v", wait)
	}
	if a.Knows("ana", "192.0.2.1", noon.Add(lately)) {
		t.Error("an address is known for ever")
	}
}

// Guesses at many accounts from one address use up the address's budget, but
// not where the password was right from there.
func TestManyAccountsFromOneAddress(t *testing.T) {
	a := NewAccounts(5, time.Minute)
	a.Succeed("ana", "ana-id", "192.0.2.1", noon)
	for i := range 50 {
		fail(a, fmt.Sprint("user-", i), "192.0.2.1", 1)
	}
	if wait := wait(a, "bob", "192.0.2.1", noon); wait != 6*time.Second {
		t.Errorf("the next account waits %v", wait)
	}
	if wait := wait(a, "ana", "192.0.2.1", noon); wait != 0 {
		t.Errorf("the user waits %v", wait)
	}
	if wait := wait(a, "bob", "192.0.2.2", noon); wait != 0 {
		t.Errorf("another address waits %v", wait)
	}
}

// Guesses at other accounts, from however many addresses, make no guess forgotten.
func TestOthersForgetNothing(t *testing.T) {
	a := NewAccounts(5, time.Minute)
	for i := range 50 {
		fail(a, "ana", fmt.Sprintf("198.51.100.%d", i), 1)
	}
	for i := range 30_000 {
		fail(a, fmt.Sprint("other-", i), fmt.Sprintf("10.%d.%d.1", i>>8, i&255), 1)
	}
	if wait := wait(a, "ana", "192.0.2.2", noon); wait == 0 {
		t.Error("the account's guesses are forgotten")
	}
}

// An address that is known to an account is known to no other.
func TestKnownToOneOwner(t *testing.T) {
	a := NewAccounts(5, time.Minute)
	a.Succeed("ana", "eve-id", "192.0.2.1", noon)
	if a.Disown("ana", "eve-id", "192.0.2.1") || a.Disown("ana", "ana-id", "192.0.2.2") || !a.Knows("ana", "192.0.2.1", noon) {
		t.Error("the owner's address is forgotten")
	}
	if !a.Disown("ana", "ana-id", "192.0.2.1") || a.Knows("ana", "192.0.2.1", noon) {
		t.Error("the former owner's address is known")
	}
}

// One account has few addresses that are known, so that it has those of others
// not forgotten; the latest are kept.
func TestKnownAddressesAreBounded(t *testing.T) {
	k := NewKnown()
	for i := range 100 {
		k.Add("ana", "ana-id", fmt.Sprintf("192.0.2.%d", i), noon)
	}
	known := 0
	for i := range 100 {
		if k.Has("ana", fmt.Sprintf("192.0.2.%d", i), noon) {
			known++
		}
	}
	if known != maxNetworks || !k.Has("ana", "192.0.2.99", noon) {
		t.Errorf("%d addresses are known", known)
	}
	for i := range maxKnown + 1000 {
		k.Add(fmt.Sprint("user-", i), "id", "192.0.2.1", noon)
	}
	k.accounts.CleanUp()
	if size := k.accounts.EstimatedSize(); size > maxKnown {
		t.Errorf("addresses of %d accounts are known", size)
	}
}
