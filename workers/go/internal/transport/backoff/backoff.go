// Package backoff says how long to wait before the next attempt to reach the server.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// ceilings of the delays after the first failure, the second, and so on. The first is short so that a restarted server has its
// workers back at once; full jitter keeps a thousand workers from coming back in the same instant. For some ten
// seconds they stay at 4 s and below: a network that was away for no longer has its workers back within two seconds.
var ceilings = [...]time.Duration{
	250 * time.Millisecond, time.Second, time.Second, 2 * time.Second, 2 * time.Second, 2 * time.Second, 4 * time.Second,
	4 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute,
}

// Backoff gives full-jitter delays that grow to a minute. The zero value is ready; it isn't safe for concurrent use.
type Backoff struct {
	failures int
}

// Succeeded makes the next failure count as the first one again.
func (b *Backoff) Succeeded() { b.failures = 0 }

// Next is how long to wait after one more failure.
func (b *Backoff) Next() time.Duration {
	ceiling := ceilings[min(b.failures, len(ceilings)-1)]
	b.failures++
	return rand.N(ceiling)
}

// Slowest is how long to wait when only a person can put it right: half a minute to a minute.
func (b *Backoff) Slowest() time.Duration {
	longest := ceilings[len(ceilings)-1]
	return longest/2 + rand.N(longest/2)
}

// Sleep waits for a time, or until ctx ends.
func Sleep(ctx context.Context, delay time.Duration) {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
