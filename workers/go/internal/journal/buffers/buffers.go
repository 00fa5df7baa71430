// Package buffers keeps buffers for output on its way, so that they needn't be made and cleared anew for each chunk.
package buffers

import "sync"

// maxBytes is more than any chunk; what is longer isn't kept.
const maxBytes = 256 << 10

var pool sync.Pool

// Get is a buffer of a size, with anything in it.
func Get(size int) []byte {
	if kept, _ := pool.Get().(*[]byte); kept != nil && cap(*kept) >= size {
		return (*kept)[:size]
	}
	return make([]byte, size)
}

// Put gives a buffer back: nobody may look at it any more.
func Put(buffer []byte) {
	if cap(buffer) > 0 && cap(buffer) <= maxBytes {
		pool.Put(&buffer)
	}
}
