// Package buffers has a pool of buffers for chunks of output, so that they needn't be allocated and cleared for each.
package buffers

import "sync"

// maxBytes is more than any chunk has; larger buffers aren't kept.
const maxBytes = 256 << 10

var pool sync.Pool

// Get is a buffer of size bytes, with arbitrary content.
func Get(size int) []byte {
	if kept, _ := pool.Get().(*[]byte); kept != nil && cap(*kept) >= size {
		return (*kept)[:size]
	}
	return make([]byte, size)
}

// Put gives a buffer back. The caller must not use it any more.
func Put(buffer []byte) {
	if cap(buffer) > 0 && cap(buffer) <= maxBytes {
		pool.Put(&buffer)
	}
}
