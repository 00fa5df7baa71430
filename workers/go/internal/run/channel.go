package run

import (
	"crypto/sha256"
	"hash"
	"sync"
	"time"

	"buildledger/workers/go/internal/masking"
)

// channel is one named stream of output. Bytes wait until a whole chunk is there or until the flush is due.
type channel struct {
	index    int
	name     string
	batching *Batching
	// emit journals a chunk, which it may keep, and returns what of it was taken.
	emit func(c *channel, chunk []byte) []byte

	mu       sync.Mutex
	masker   *masking.Masker // Nil if there is nothing to hide.
	pending  []byte
	flush    *time.Timer
	digest   hash.Hash
	dropped  uint64 // Bytes left out since the last that were journalled.
	isClosed bool
}

func newChannel(index int, name string, secrets [][]byte, batching *Batching, emit func(*channel, []byte) []byte) *channel {
	return &channel{
		index: index, name: name, batching: batching, emit: emit, masker: masking.New(secrets), digest: sha256.New(),
	}
}

// feed takes bytes that the process wrote; if it returns true, it keeps them.
func (c *channel) feed(data []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := false
	if c.masker != nil {
		data = c.masker.Feed(data)
	}
	chunk := c.batching.chunkBytes()
	if len(c.pending) == 0 && len(data) == chunk {
		c.put(data)
		return c.masker == nil
	}
	for len(data) > 0 {
		taken := min(len(data), max(chunk-len(c.pending), 0))
		c.pending = append(c.pending, data[:taken]...)
		data = data[taken:]
		if len(c.pending) >= chunk {
			c.putPending()
		}
	}
	if len(c.pending) > 0 {
		c.startFlush()
	}
	return kept
}

// finish emits all that is left: nothing more will come.
func (c *channel) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.masker != nil {
		c.pending = append(c.pending, c.masker.Finish()...)
	}
	c.putPending()
	c.isClosed = true
}

// sum is the digest of all chunks so far.
func (c *channel) sum() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.digest.Sum(nil)
}

func (c *channel) startFlush() {
	if c.flush == nil {
		c.flush = time.AfterFunc(c.batching.flushAfter(), func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.flush != nil && !c.isClosed {
				c.putPending()
			}
		})
	}
}

// putPending emits what waits, in chunks.
func (c *channel) putPending() {
	if c.flush != nil {
		c.flush.Stop()
		c.flush = nil
	}
	pending := c.pending
	c.pending = nil
	for len(pending) > 0 {
		end := min(len(pending), c.batching.chunkBytes())
		c.put(pending[:end:end])
		pending = pending[end:]
	}
}

func (c *channel) put(data []byte) {
	c.digest.Write(c.emit(c, data))
}
