package supervisor

import (
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/files/paths"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/runs/stopping"
)

const (
	// readBytes is enough for most commands; one that fills it is read in larger pieces.
	readBytes     = 16 << 10
	busyReadBytes = 256 << 10
)

// capture keeps all output of the command: from its pipes and watched files into the spool.
type capture struct {
	logLimit uint64
	mayDrop  bool
	room     *room
	notes    *notes
	bell     *bell
	stop     *stopping.Request
	channels []*channel
	outputs  []*os.File
	readers  sync.WaitGroup
	ended    chan struct{} // Closed when all pipes have ended.
	closing  chan struct{} // Closed when the rest of the pipes isn't wanted.
	watcher  *watcher

	held   atomic.Int32 // Readers that wait for room.
	lastAt atomic.Int64 // When something was written last, since begun.
	begun  time.Time
	isDeaf atomic.Bool
	once   sync.Once
	mu     sync.Mutex
	kept   uint64 // Bytes of all channels that were within the limit.
	wrong  string
}

// newCapture prepares to read, and looks at the watched files as they are before the command starts.
func newCapture(s *supervisor) *capture {
	c := &capture{
		logLimit: s.launch.LogLimit,
		mayDrop:  s.launch.OnFull == contract.Gap,
		room:     s.room,
		notes:    s.notes,
		bell:     s.bell,
		stop:     s.stop,
		ended:    make(chan struct{}),
		closing:  make(chan struct{}),
		begun:    time.Now(),
	}
	secrets := s.secretValues()
	for index, each := range s.room.spools {
		c.channels = append(c.channels, newChannel(index, c, each, secrets))
	}
	if len(s.launch.Watch) > 0 {
		c.watcher = newWatcher(paths.At(s.launch.Root), s.launch.Watch, c.channels[len(s.launch.Channels):], c)
	}
	return c
}

// begin begins to read; it closes the files it is given.
func (c *capture) begin(outputs []*os.File) {
	c.outputs = outputs
	c.begun = time.Now()
	for index, output := range outputs {
		c.readers.Go(func() { c.read(output, c.channels[index]) })
	}
	go func() {
		c.readers.Wait()
		close(c.ended)
	}()
	c.watcher.begin()
}

// silence is for how long nothing was written.
func (c *capture) silence() time.Duration {
	return time.Since(c.begun) - time.Duration(c.lastAt.Load())
}

// isHeld tells whether the command can't write because there is no room for its output.
func (c *capture) isHeld() bool { return c.held.Load() > 0 }

// trouble is what went wrong with keeping the output, for people.
func (c *capture) trouble() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wrong
}

// totals are size and digest of each channel; after finish.
func (c *capture) totals() []contract.Total {
	totals := make([]contract.Total, 0, len(c.channels))
	for _, each := range c.channels {
		totals = append(totals, each.total())
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

// finish closes the pipes and spools all that is left.
func (c *capture) finish() {
	c.watcher.finish()
	close(c.closing)
	for _, output := range c.outputs {
		output.Close()
	}
	<-c.ended
	for _, each := range c.channels {
		each.finish()
	}
}

// storageFailed: nothing more can be kept. That is said loudly, and the command is ended.
func (c *capture) storageFailed(err error) {
	c.once.Do(func() {
		c.isDeaf.Store(true)
		c.mu.Lock()
		c.wrong = "the worker can't keep the output: " + err.Error()
		c.mu.Unlock()
		slog.Error("the output can't be kept", "error", err)
		c.stop.Make(contract.Storage, processes.Kill, nil)
	})
}

// read feeds a channel from a pipe until that ends; not while there is no room.
func (c *capture) read(output *os.File, into *channel) {
	defer output.Close()
	buffer := make([]byte, readBytes)
	for {
		room := c.waitForRoom()
		if room == 0 {
			return
		}
		size, err := output.Read(buffer[:min(int64(len(buffer)), room)])
		if size > 0 {
			c.feed(into, buffer[:size])
		}
		if size == len(buffer) && size < busyReadBytes {
			processes.EnlargePipe(output)
			buffer = make([]byte, busyReadBytes)
		}
		if err != nil {
			// The end; a pseudo terminal has an error of its own for that. Nothing else can go wrong with a pipe.
			return
		}
	}
}

// feed hands bytes on and remembers when.
func (c *capture) feed(into *channel, data []byte) {
	c.lastAt.Store(int64(time.Since(c.begun)))
	into.feed(data)
}

// waitForRoom returns when the command may write on, and how much; 0 if that isn't wanted any more.
func (c *capture) waitForRoom() int64 {
	if c.mayDrop {
		return busyReadBytes
	}
	if left := c.room.left(); left > 0 {
		return left
	}
	c.held.Add(1)
	defer c.held.Add(-1)
	return c.room.wait(c.closing)
}

// within is what of data isn't beyond the limit of the command, or of what can be kept at all.
func (c *capture) within(data []byte) []byte {
	if c.isDeaf.Load() {
		return nil
	}
	if c.logLimit == 0 {
		return data
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	left := c.logLimit - c.kept
	if uint64(len(data)) > left {
		data = data[:left]
		c.stop.Make(contract.LogLimit, processes.Interrupt, nil)
	}
	c.kept += uint64(len(data))
	return data
}
