package supervisor

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/masking"
)

// channel is one named stream of output, from where it is read through the mask into the spool.
type channel struct {
	index   int
	capture *capture
	spool   *spool

	mu      sync.Mutex
	masker  *masking.Masker // Nil if there is nothing to hide.
	digest  hash.Hash
	unsaid  uint64 // Bytes left out since the last that were spooled.
	dropped uint64 // All bytes left out.
}

func newChannel(index int, c *capture, s *spool, secrets [][]byte) *channel {
	return &channel{index: index, capture: c, spool: s, masker: masking.New(secrets), digest: sha256.New()}
}

// feed takes bytes that the command wrote.
func (c *channel) feed(data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.masker != nil {
		data = c.masker.Feed(data)
	}
	c.put(data)
}

// finish spools what is left and says what is missing: nothing more will come.
func (c *channel) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.masker != nil {
		c.put(c.masker.Finish())
	}
	if c.unsaid > 0 {
		c.sayGap()
	}
	c.spool.close()
}

// total is what the channel came to; after finish.
func (c *channel) total() contract.Total {
	c.mu.Lock()
	defer c.mu.Unlock()
	return contract.Total{
		Channel: c.index, Spooled: uint64(c.spool.position.Load()), Dropped: c.dropped, SHA256: hex.EncodeToString(c.digest.Sum(nil)),
	}
}

// put spools bytes, unless a limit or the policy says otherwise.
func (c *channel) put(data []byte) {
	data = c.capture.within(data)
	if len(data) == 0 {
		return
	}
	if c.capture.mayDrop && c.capture.room.left() == 0 {
		c.unsaid += uint64(len(data))
		c.dropped += uint64(len(data))
		return
	}
	if c.unsaid > 0 && !c.sayGap() {
		return
	}
	written, err := c.spool.write(data)
	c.digest.Write(data[:written])
	c.capture.bell.ring()
	if err != nil {
		c.capture.storageFailed(err)
	}
}

// sayGap notes what was left out, before anything that follows it is spooled.
func (c *channel) sayGap() bool {
	gap := &contract.GapEvent{Channel: c.index, At: uint64(c.spool.position.Load()), Bytes: c.unsaid}
	if err := c.capture.notes.add(contract.Event{Gap: gap}); err != nil {
		c.capture.storageFailed(err)
		return false
	}
	c.unsaid = 0
	c.capture.bell.ring()
	return true
}
