package supervisor

import (
	"os"
	"time"
)

// notifyInterval is how long the worker isn't called again after it was: it looks at everything each time.
const notifyInterval = 2 * time.Millisecond

// notifier calls the worker by a byte when there is something to look at. A worker that is gone or busy doesn't hold anything up.
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
			// Nobody listens any more.
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
