package supervisor

import (
	"os"
	"time"
)

// bellPause is how long the worker isn't called again after it was: it looks at everything each time.
const bellPause = 2 * time.Millisecond

// bell calls the worker by a byte when there is something to look at. A worker that is gone or busy doesn't hold anything up.
type bell struct{ wanted chan struct{} }

func newBell(file *os.File) *bell {
	b := &bell{wanted: make(chan struct{}, 1)}
	go func() {
		for range b.wanted {
			if _, err := file.Write([]byte{'!'}); err != nil {
				break
			}
			time.Sleep(bellPause)
		}
		for range b.wanted {
			// Nobody listens any more.
		}
	}()
	return b
}

func (b *bell) ring() {
	select {
	case b.wanted <- struct{}{}:
	default:
	}
}
