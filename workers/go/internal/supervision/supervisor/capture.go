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
	// readBytes is enough for most commands. The output of one that fills it is read in larger pieces.
	readBytes     = 16 << 10
	busyReadBytes = 256 << 10
)

// capture spools the output of the command, from its pipes and watched files.
type capture struct {
	logLimit      uint64
	dropsWhenFull bool
	budget        *spoolBudget
	events        *eventWriter
	notifier      *notifier
	stop          *stopping.Request
	channels      []*channel
	outputs       []*os.File
	readers       sync.WaitGroup
	outputsEnded  chan struct{} // Closed when all pipes are read to their ends.
	closing       chan struct{} // Closed when nothing more is to be read from the pipes.
	watcher       *watcher

	blockedReaders atomic.Int32 // Readers that wait for space in the spool.
	lastOutputAt   atomic.Int64 // When the command wrote something last, since startedAt.
	startedAt      time.Time
	isDiscarding   atomic.Bool
	failOnce       sync.Once
	mu             sync.Mutex
	keptBytes      uint64 // Of all channels, within logLimit.
	storageError   string // Why nothing more can be spooled; empty while it can.
}

// newCapture prepares to read. It opens the watched files, before the command can write to them.
func newCapture(s *supervisor) *capture {
	c := &capture{
		logLimit:      s.launch.LogLimit,
		dropsWhenFull: s.launch.OnFull == contract.OnFullGap,
		budget:        s.budget,
		events:        s.events,
		notifier:      s.notifier,
		stop:          s.stop,
		outputsEnded:  make(chan struct{}),
		closing:       make(chan struct{}),
		startedAt:     time.Now(),
	}
	secrets := s.secretValues()
	for index, each := range s.budget.writers {
		c.channels = append(c.channels, newChannel(index, c, each, secrets))
	}
	if len(s.launch.Watch) > 0 {
		c.watcher = newWatcher(paths.BuildDirAt(s.launch.WorkDirectory, s.launch.Root), s.launch.Watch, c.channels[len(s.launch.Channels):], c)
	}
	return c
}

// start begins to read the command's pipes, and closes them in the end.
func (c *capture) start(outputs []*os.File) {
	c.outputs = outputs
	c.startedAt = time.Now()
	for index, output := range outputs {
		c.readers.Go(func() { c.read(output, c.channels[index]) })
	}
	go func() {
		c.readers.Wait()
		close(c.outputsEnded)
	}()
	c.watcher.start()
}

// silentFor is how long the command has written nothing.
func (c *capture) silentFor() time.Duration {
	return time.Since(c.startedAt) - time.Duration(c.lastOutputAt.Load())
}

// isBlocked reports whether the command can't write because the spool is full.
func (c *capture) isBlocked() bool { return c.blockedReaders.Load() > 0 }

// failureMessage is why the output couldn't be spooled, for people; empty if it could.
func (c *capture) failureMessage() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.storageError
}

// totals are size and digest of each channel. To be called after finish.
func (c *capture) totals() []contract.Total {
	totals := make([]contract.Total, 0, len(c.channels))
	for _, each := range c.channels {
		totals = append(totals, each.total())
	}
	return totals
}

// waitForEnd waits until all pipes are read to their ends, at most for limit. While the spool is full the limit doesn't count.
func (c *capture) waitForEnd(limit time.Duration) {
	for {
		timer := time.NewTimer(limit)
		select {
		case <-c.outputsEnded:
			timer.Stop()
			return
		case <-timer.C:
		}
		if !c.isBlocked() {
			return
		}
	}
}

// finish closes the pipes and spools the rest of what was read.
func (c *capture) finish() {
	c.watcher.finish()
	close(c.closing)
	for _, output := range c.outputs {
		output.Close()
	}
	<-c.outputsEnded
	for _, each := range c.channels {
		each.finish()
	}
}

// storageFailed logs the first error for which nothing more can be spooled, and ends the command.
func (c *capture) storageFailed(err error) {
	c.failOnce.Do(func() {
		c.isDiscarding.Store(true)
		c.mu.Lock()
		c.storageError = "the worker can't keep the output: " + err.Error()
		c.mu.Unlock()
		slog.Error("the output can't be kept", "error", err)
		c.stop.Make(contract.Storage, processes.Kill, nil)
	})
}

// read feeds a channel from a pipe until that ends. While the spool is full it doesn't read.
func (c *capture) read(output *os.File, into *channel) {
	defer output.Close()
	buffer := make([]byte, readBytes)
	for {
		space := c.waitForSpace()
		if space == 0 {
			return
		}
		size, err := output.Read(buffer[:min(int64(len(buffer)), space)])
		if size > 0 {
			c.feed(into, buffer[:size])
		}
		if size == len(buffer) && size < busyReadBytes {
			processes.EnlargePipe(output)
			buffer = make([]byte, busyReadBytes)
		}
		if err != nil {
			// The end, for which a pseudo terminal has an error of its own. Reading from a pipe doesn't fail otherwise.
			return
		}
	}
}

// feed passes bytes on to a channel, and notes when they came.
func (c *capture) feed(into *channel, data []byte) {
	c.lastOutputAt.Store(int64(time.Since(c.startedAt)))
	into.feed(data)
}

// waitForSpace waits until there is space in the spool, and returns how many bytes may be read; 0 when the pipes are to be closed.
func (c *capture) waitForSpace() int64 {
	if c.dropsWhenFull {
		return busyReadBytes
	}
	if available := c.budget.available(); available > 0 {
		return available
	}
	c.blockedReaders.Add(1)
	defer c.blockedReaders.Add(-1)
	space := c.budget.waitForSpace(c.closing)
	// Silence counts from here: before, the command couldn't write.
	c.lastOutputAt.Store(int64(time.Since(c.startedAt)))
	return space
}

// withinLogLimit is the part of data that is within the command's limit. The rest of it ends the command.
func (c *capture) withinLogLimit(data []byte) []byte {
	if c.isDiscarding.Load() {
		return nil
	}
	if c.logLimit == 0 {
		return data
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	left := c.logLimit - c.keptBytes
	if uint64(len(data)) > left {
		data = data[:left]
		c.stop.Make(contract.LogLimit, processes.Interrupt, nil)
	}
	c.keptBytes += uint64(len(data))
	return data
}
