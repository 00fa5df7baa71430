package backoff

import "testing"

// The delays stay below their ceilings, and start over after a success.
func TestDelaysGrowAndStartOver(t *testing.T) {
	var b Backoff
	for round := range 2 {
		for failure := range 20 {
			ceiling := ceilings[min(failure, len(ceilings)-1)]
			if got := b.Next(); got < 0 || got >= ceiling {
				t.Fatalf("round %d, failure %d: %v isn't in [0, %v)", round, failure, got, ceiling)
			}
		}
		b.Succeeded()
	}
}

// A worker that only a person can help asks at most twice a minute.
func TestSlowestNeverSpins(t *testing.T) {
	var b Backoff
	for range 100 {
		if got := b.Slowest(); got < ceilings[len(ceilings)-1]/2 {
			t.Fatalf("%v is too soon", got)
		}
	}
}
