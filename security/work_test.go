package security_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ginauth/ginauth/security"
)

// Argon2's work is its memory times its passes: what is allocated tells the one. Of the other
// there are two, so that one less or more would change the time by half.
func TestVerifyNobodyDoesTheWork(t *testing.T) {
	hash := security.HashPassword("Correct_Horse9")
	verify := func() { _, _ = security.VerifyPassword(hash, "a wrong one") }
	verifyNobody := func() { security.VerifyNobody("a wrong one") }
	known, unknown := allocatedBy(verify), allocatedBy(verifyNobody)
	if known < 19456*1024 || unknown < known-10_000 || unknown > known+10_000 {
		t.Errorf("a known user takes %d bytes, an unknown one %d", known, unknown)
	}
	ratios := make([]float64, 15)
	for i := range ratios {
		ratios[i] = float64(timeFrom(verifyNobody)) / float64(timeFrom(verify))
	}
	slices.Sort(ratios)
	if median := ratios[len(ratios)/2]; median < 0.7 || median > 1.4 {
		t.Errorf("an unknown user takes %.2f times as long as a known one: %.2f", median, ratios)
	}
}

func timeFrom(do func()) time.Duration {
	begin := time.Now()
	do()
	return time.Since(begin)
}

// Nothing is hashed of what no password can be.
func TestVerifyPasswordIsBounded(t *testing.T) {
	long := strings.Repeat("x", 1025)
	hash := security.HashPassword(long)
	if right, err := security.VerifyPassword(hash, long); right || err != nil {
		t.Errorf("a password of 1025 bytes is answered %v, %v", right, err)
	}
	if right, _ := security.VerifyPassword(security.HashPassword(long[1:]), long[1:]); !right {
		t.Error("a password of 1024 bytes is wrong")
	}
	for name, verify := range map[string]func(){
		"somebody": func() { _, _ = security.VerifyPassword(hash, long) }, "nobody": func() { security.VerifyNobody(long) },
	} {
		if n := allocatedBy(verify); n > 1<<20 {
			t.Errorf("verifying a long password of %s takes %d bytes", name, n)
		}
	}
}

func allocatedBy(do func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}
