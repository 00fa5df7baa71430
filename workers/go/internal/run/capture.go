package run

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"buildledger/workers/go/internal/process"
	pb "buildledger/workers/go/internal/workerv1"
)

// busyRead is the size of a read that shows a busy writer.
const busyRead = 64 << 10

// capture keeps all output of one command: from its pipes and watched files into the journal.
type capture struct {
	attempt  *Attempt
	logLimit uint64
	mayDrop  bool
	channels []*channel
	outputs  []*os.File
	readers  sync.WaitGroup
	ended    chan struct{} // Closed when all pipes have ended.
	closing  chan struct{} // Closed when the rest of the pipes isn't wanted.
	watcher  *watcher

	held   atomic.Int32 // Readers that wait for room.
	lastAt atomic.Pointer[time.Time]
	isDeaf atomic.Bool
	once   sync.Once
	mu     sync.Mutex
	wrong  string
}

// newCapture begins to read; it closes the files it is given.
func newCapture(a *Attempt, p *plan, outputs []*os.File) *capture {
	command := p.spec.GetCommand()
	c := &capture{
		attempt:  a,
		logLimit: command.GetLogLimit(),
		mayDrop:  command.GetOutputPolicy() == pb.OutputPolicy_OUTPUT_POLICY_GAP,
		outputs:  outputs,
		ended:    make(chan struct{}),
		closing:  make(chan struct{}),
	}
	now := time.Now()
	c.lastAt.Store(&now)
	var secrets [][]byte
	for _, secret := range command.GetSecrets() {
		secrets = append(secrets, secret.GetValue())
	}
	for index, name := range p.channels {
		c.channels = append(c.channels, newChannel(index, name, secrets, &a.shop.Batching, c.emit))
	}
	for index, output := range outputs {
		c.readers.Go(func() { c.read(output, c.channels[index]) })
	}
	go func() {
		c.readers.Wait()
		close(c.ended)
	}()
	if files := command.GetWatchFiles(); len(files) > 0 {
		c.watcher = startWatcher(p.dir, files, c.channels[len(outputs):], c)
	}
	return c
}

// lastOutput is when something was written last, or the beginning.
func (c *capture) lastOutput() time.Time { return *c.lastAt.Load() }

// isHeld tells whether the command can't write because there is no room for its output.
func (c *capture) isHeld() bool { return c.held.Load() > 0 }

// trouble is what went wrong with keeping the output, for people.
func (c *capture) trouble() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wrong
}

// totals are size and digest of each channel that had output; after finish.
func (c *capture) totals() []*pb.OutputTotal {
	totals := c.attempt.totals()
	for _, total := range totals {
		for _, each := range c.channels {
			if each.name == total.GetChannel() {
				total.Sha256 = each.sum()
			}
		}
	}
	return totals
}

// waitForEnd waits until all pipes have ended, at most for limit, not counting the time when there is no room.
func (c *capture) waitForEnd(limit time.Duration) {
	for {
		timer := time.NewTimer(limit)
		select {
		case <-c.ended:
			timer.Stop()
			return
		case <-timer.C:
		}
		if !c.isHeld() {
			return
		}
	}
}

// finish closes the pipes and journals all that is left.
func (c *capture) finish() {
	c.watcher.finish()
	close(c.closing)
	for _, output := range c.outputs {
		output.Close()
	}
	<-c.ended
	for _, each := range c.channels {
		each.finish()
		if each.dropped > 0 {
			c.putGap(each)
		}
	}
}

// storageFailed: nothing more can be kept. That is said loudly, and the run is ended.
func (c *capture) storageFailed(err error) {
	c.once.Do(func() {
		c.isDeaf.Store(true)
		c.mu.Lock()
		c.wrong = "the worker can't keep the output: " + err.Error()
		c.mu.Unlock()
		c.attempt.shop.Log.Error("the worker can't keep the output", "run", c.attempt.RunID, "error", err)
		c.attempt.Stop.Make(pb.ExitReason_EXIT_REASON_STORAGE, pb.StopLevel_STOP_LEVEL_KILL, nil)
	})
}

// read feeds a channel from a pipe until that ends; not while there is no room.
func (c *capture) read(output *os.File, into *channel) {
	defer output.Close()
	var buffer []byte
	isBusy := false
	for c.waitForRoom() {
		if size := c.attempt.shop.Batching.chunkBytes(); len(buffer) != size {
			buffer = make([]byte, size)
		}
		size, err := output.Read(buffer)
		if size > 0 {
			if size >= busyRead && !isBusy {
				isBusy = true
				process.EnlargePipe(output)
			}
			if c.feed(into, buffer[:size]) {
				buffer = nil
			}
		}
		if err != nil {
			// The end; a pseudo terminal has an error of its own for that. Nothing else can go wrong with a pipe.
			return
		}
	}
}

// feed hands bytes on and remembers when; if it returns true, they are kept.
func (c *capture) feed(into *channel, data []byte) bool {
	now := time.Now()
	c.lastAt.Store(&now)
	return into.feed(data)
}

// waitForRoom returns when the command may write on; false if that isn't wanted any more.
func (c *capture) waitForRoom() bool {
	if c.mayDrop {
		return true
	}
	room := c.attempt.shop.Spool.whenThereIsRoom()
	if room == nil {
		return true
	}
	c.held.Add(1)
	defer c.held.Add(-1)
	select {
	case <-room:
		return true
	case <-c.closing:
		return false
	}
}

// emit journals a chunk, unless a limit or the policy says otherwise, and returns what was journalled.
func (c *capture) emit(from *channel, data []byte) []byte {
	if c.isDeaf.Load() {
		return nil
	}
	if c.mayDrop && c.attempt.shop.Spool.IsFull() {
		from.dropped += uint64(len(data))
		return nil
	}
	if from.dropped > 0 && !c.putGap(from) {
		return nil
	}
	recorded, err := c.attempt.recordOutput(from.index, data, c.logLimit)
	if err != nil {
		c.storageFailed(err)
		return nil
	}
	if len(recorded) < len(data) {
		c.attempt.Stop.Make(pb.ExitReason_EXIT_REASON_LOG_LIMIT, pb.StopLevel_STOP_LEVEL_INTERRUPT, nil)
	}
	return recorded
}

// putGap journals what was left out.
func (c *capture) putGap(from *channel) bool {
	if err := c.attempt.recordGap(from.index, from.dropped); err != nil {
		c.storageFailed(err)
		return false
	}
	from.dropped = 0
	return true
}
