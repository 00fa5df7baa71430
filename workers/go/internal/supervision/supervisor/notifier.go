package supervisor

import (
	"os"
	"time"
)

// notifyInterval is the shortest time between two notifications: the worker reads everything each time.
const notifyInterval = 2 * time.Millisecond

// notifier sends the worker a byte when there is something to read. It never blocks its callers, even if the worker is busy or
// gone.
type notifier struct{ pending chan struct{} }

func newNotifier(file *os.File) *notifier {
	n := &notifier{pending: make(chan struct{}, 1)}
	go func() {
		for range n.pending {
			if _, err := file.Write([]byte{'!'}); err != nil {
				break
			}
			time.Sleep(notifyInterval)
		}
		for range n.pending {
			// The worker is gone.
		}
	}()
	return n
}

func (b *notifier) notify() {
	select {
	case b.pending <- struct{}{}:
	default:
	}
}
