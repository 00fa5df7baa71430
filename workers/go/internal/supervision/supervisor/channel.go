package supervisor

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/masking"
)

// channel is one named stream of output: it masks secrets and spools the rest.
type channel struct {
	index   int
	capture *capture
	spool   *spoolWriter

	mu              sync.Mutex
	masker          *masking.Masker // Nil if there is nothing to mask.
	digest          hash.Hash
	unreportedBytes uint64 // Dropped since something was spooled, and not in an event yet.
	droppedBytes    uint64 // All that were dropped.
}

func newChannel(index int, c *capture, s *spoolWriter, secrets [][]byte) *channel {
	return &channel{index: index, capture: c, spool: s, masker: masking.New(secrets), digest: sha256.New()}
}

// feed masks and spools bytes that the command has written.
func (c *channel) feed(data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.masker != nil {
		data = c.masker.Feed(data)
	}
	c.spoolData(data)
}

// finish spools what the masker holds back, and reports what was dropped last. Nothing may be fed after it.
func (c *channel) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.masker != nil {
		c.spoolData(c.masker.Finish())
	}
	if c.unreportedBytes > 0 {
		c.recordGap()
	}
	c.spool.close()
}

// total is the size of the whole channel. To be called after finish.
func (c *channel) total() contract.Total {
	c.mu.Lock()
	defer c.mu.Unlock()
	return contract.Total{
		Channel: c.index, Spooled: uint64(c.spool.position.Load()), Dropped: c.droppedBytes, SHA256: hex.EncodeToString(c.digest.Sum(nil)),
	}
}

// spoolData spools bytes as far as the log limit allows, or drops them if the spool is full and the launch says so.
func (c *channel) spoolData(data []byte) {
	data = c.capture.withinLogLimit(data)
	if len(data) == 0 {
		return
	}
	if c.capture.dropsWhenFull && c.capture.budget.available() == 0 {
		c.unreportedBytes += uint64(len(data))
		c.droppedBytes += uint64(len(data))
		return
	}
	if c.unreportedBytes > 0 && !c.recordGap() {
		return
	}
	written, err := c.spool.write(data)
	c.digest.Write(data[:written])
	c.capture.notifier.notify()
	if err != nil {
		c.capture.storageFailed(err)
	}
}

// recordGap writes an event about dropped bytes, before anything that follows them is spooled; false if that fails.
func (c *channel) recordGap() bool {
	gap := &contract.GapEvent{Channel: c.index, At: uint64(c.spool.position.Load()), Bytes: c.unreportedBytes}
	if err := c.capture.events.append(contract.Event{Gap: gap}); err != nil {
		c.capture.storageFailed(err)
		return false
	}
	c.unreportedBytes = 0
	c.capture.notifier.notify()
	return true
}
