// Package runs does what the server asks for: it takes attempts from their specification to their last event, and keeps what
// happens in them until the server has it.
package runs

import (
	"fmt"
	"path/filepath"
	"sync"

	"buildledger/workers/go/internal/files/durable"
	"buildledger/workers/go/internal/hostinfo"
	"buildledger/workers/go/internal/journal"
	"buildledger/workers/go/internal/runs/stopping"
	"buildledger/workers/go/internal/supervision"
	pb "buildledger/workers/go/internal/workerv1"
)

// Key identifies an attempt.
type Key struct {
	RunID   string
	Attempt uint32
}

// Attempt is one try at one operation as the worker has it, from when the server first names it until the server releases it.
type Attempt struct {
	Key
	BuildDir string
	Stop     *stopping.Request

	store      *AttemptStore
	cookie     string
	gone       chan struct{}
	unfinished *unfinishedCommand // Nil unless an earlier worker process has started a command.

	mu        sync.Mutex
	fence     uint64
	state     pb.RunState
	journal   *journal.Journal
	spool     *supervision.SpoolReader // For output that is sent again.
	reclaimer *supervision.SegmentReclaimer
	delivery
}

func newAttempt(store *AttemptStore, j *journal.Journal) *Attempt {
	header := j.Header
	a := &Attempt{
		Key:      Key{header.RunID, header.Attempt},
		BuildDir: header.BuildDir,
		Stop:     stopping.NewRequest(),
		store:    store,
		cookie:   header.Cookie,
		gone:     make(chan struct{}),
		fence:    header.Fence,
		state:    pb.RunState_RUN_STATE_NEW,
		journal:  j,
		// After a restart every event in the journal may have been sent.
		delivery: delivery{next: j.FirstUnacked(), sentThrough: j.NextEvent - 1},
	}
	a.openSpool()
	return a
}

// Gone is closed when no process or goroutine of the attempt is at work (any more).
func (a *Attempt) Gone() <-chan struct{} { return a.gone }

// State is the attempt's state in the protocol.
func (a *Attempt) State() pb.RunState {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

// HasEnded reports whether its last event is journalled.
func (a *Attempt) HasEnded() bool { return a.State() >= pb.RunState_RUN_STATE_EXITED }

// RaiseFence takes over a fence; false if the attempt has seen a higher one.
func (a *Attempt) RaiseFence(fence uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if fence < a.fence {
		return false
	}
	a.fence = fence
	return true
}

// Reject ends the attempt before it began.
func (a *Attempt) Reject(code pb.RejectCode, format string, values ...any) {
	rejected := &pb.Rejected{Code: code, Message: fmt.Sprintf(format, values...)}
	a.mu.Lock()
	record, err := a.eventRecord(&pb.RunEvent{Event: &pb.RunEvent_Rejected{Rejected: rejected}})
	if err == nil {
		err = a.journal.Begin(record)
	}
	if err != nil {
		a.store.log.Error("a rejection can't be journalled", "run", a.RunID, "error", err)
		a.journal.AppendInMemory(record)
	}
	a.countSpooled(a.journal.SpooledBytes)
	a.end()
}

// begin journals that the attempt is accepted and about to start, and what is left to do when its command has ended. After an error
// there is no journal.
func (a *Attempt) begin(channels []string, segmentBytes int64, followUpSpec []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	header := a.journal.Header
	header.Channels, header.SegmentBytes, header.Fence = channels, segmentBytes, a.fence
	a.journal = journal.New(a.store.journalDir, header)
	a.openSpool()
	record, err := a.eventRecord(&pb.RunEvent{Event: &pb.RunEvent_Accepted{Accepted: &pb.Accepted{}}})
	if err != nil {
		return err
	}
	starting := journal.NewRecord(journal.KindStarting, followUpSpec)
	starting.Monotonic = int64(hostinfo.Monotonic())
	if err := a.journal.Begin(record, starting); err != nil {
		return err
	}
	a.countSpooled(a.journal.SpooledBytes)
	a.state = pb.RunState_RUN_STATE_STARTING
	return nil
}

// openSpool lets the journal read output back from the directory of the command's supervisor.
func (a *Attempt) openSpool() {
	header := a.journal.Header
	if len(header.Channels) > 0 {
		a.spool = supervision.NewSpoolReader(a.directory(), header.SegmentBytes)
		a.reclaimer = supervision.NewSegmentReclaimer(a.directory(), header.SegmentBytes, len(header.Channels))
		a.journal.Spool = a.spool
	}
}

// directory is the directory of the supervisor of the attempt's command.
func (a *Attempt) directory() string {
	return filepath.Join(a.store.supervisedDir, fmt.Sprintf("%s.%d", a.RunID, a.Key.Attempt))
}

// withdraw takes back what begin wrote, when that can't be made durable.
func (a *Attempt) withdraw() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.countSpooled(-a.journal.SpooledBytes)
	a.journal.Remove()
	header := a.journal.Header
	a.journal = journal.New(a.store.journalDir, header)
	a.state = pb.RunState_RUN_STATE_NEW
}

func (a *Attempt) setState(state pb.RunState) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state = state
}

// totals are the sizes of the channels that had output.
func (a *Attempt) totals() []*pb.OutputTotal {
	a.mu.Lock()
	defer a.mu.Unlock()
	var totals []*pb.OutputTotal
	for channel, name := range a.journal.Header.Channels {
		if end := a.journal.Offsets[channel]; end > 0 {
			totals = append(totals, &pb.OutputTotal{Channel: name, Bytes: end})
		}
	}
	return totals
}

// Remove deletes the attempt's journal and output: the server has released it.
func (a *Attempt) Remove() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.countSpooled(-a.journal.SpooledBytes)
	a.journal.Remove()
	a.state = pb.RunState_RUN_STATE_RELEASED
	if a.spool == nil {
		return
	}
	a.spool.Close()
	if err := durable.RemoveTree(a.directory()); err != nil {
		a.store.log.Error("a directory of output can't be removed", "run", a.RunID, "error", err)
	}
}

// Close closes the attempt's files, and leaves them for the next worker process.
func (a *Attempt) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.journal.Close()
	if a.spool != nil {
		a.spool.Close()
	}
}
