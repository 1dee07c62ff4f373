package security

import "testing"

// What a guarded request pays for its key, and what it would pay if keys were
// hashed like passwords.

func BenchmarkHashKey(b *testing.B) {
	key := NewKey(DefaultPrefix)
	for b.Loop() {
		HashKey(key)
	}
}

func BenchmarkHashPassword(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		HashPassword("Analytical-1_Engine")
	}
}
