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

// Key names an attempt.
type Key struct {
	RunID   string
	Attempt uint32
}

// Attempt is one try at one operation as the worker holds it, from the first word about it until the server lets go of it.
type Attempt struct {
	Key
	BuildDir string
	Stop     *stopping.Request

	shop   *Workshop
	cookie string
	gone   chan struct{}
	left   *left // What an earlier worker process has started; nil otherwise.

	mu      sync.Mutex
	fence   uint64
	state   pb.RunState
	journal *journal.Journal
	spool   *supervision.SpoolReader // For what is sent again.
	trash   *supervision.SegmentReclaimer
	sending
}

// NewAttempt holds an attempt that is heard of for the first time.
func NewAttempt(shop *Workshop, key Key, fence uint64, buildDir, cookie string) *Attempt {
	header := journal.Header{
		RunID: key.RunID, Attempt: key.Attempt, Fence: fence, Cookie: cookie, BuildDir: buildDir, BootID: shop.BootID,
	}
	return newAttempt(shop, journal.New(shop.journalDir, header))
}

func newAttempt(shop *Workshop, j *journal.Journal) *Attempt {
	header := j.Header
	a := &Attempt{
		Key:      Key{header.RunID, header.Attempt},
		BuildDir: header.BuildDir,
		Stop:     stopping.NewRequest(),
		shop:     shop,
		cookie:   header.Cookie,
		gone:     make(chan struct{}),
		fence:    header.Fence,
		state:    pb.RunState_RUN_STATE_NEW,
		journal:  j,
		// After a restart every event in the journal may have been sent.
		sending: sending{next: j.FirstUnacked(), sentThrough: j.NextEvent - 1},
	}
	a.openSpool()
	return a
}

// Gone is closed when no process or thread of the attempt is at work (any more).
func (a *Attempt) Gone() <-chan struct{} { return a.gone }

// State is where it stands.
func (a *Attempt) State() pb.RunState {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

// HasEnded tells whether its last event is journalled.
func (a *Attempt) HasEnded() bool { return a.State() >= pb.RunState_RUN_STATE_EXITED }

// Raise takes a fence into account; false if the attempt has seen a higher one.
func (a *Attempt) Raise(fence uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if fence < a.fence {
		return false
	}
	a.fence = fence
	return true
}

// Reject ends it before it began.
func (a *Attempt) Reject(code pb.RejectCode, format string, values ...any) {
	rejected := &pb.Rejected{Code: code, Message: fmt.Sprintf(format, values...)}
	a.mu.Lock()
	record, err := a.eventRecord(&pb.RunEvent{Event: &pb.RunEvent_Rejected{Rejected: rejected}})
	if err == nil {
		err = a.journal.Begin(record)
	}
	if err != nil {
		a.shop.Log.Error("a refusal can't be journalled", "run", a.RunID, "error", err)
		a.journal.AppendInMemory(record)
	}
	a.account(a.journal.SpooledBytes)
	a.end()
}

// begin journals that it is accepted and about to start, and what is left to do when its command has ended. After an error there is no
// journal.
func (a *Attempt) begin(channels []string, segmentBytes int64, afterwards []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	header := a.journal.Header
	header.Channels, header.SegmentBytes, header.Fence = channels, segmentBytes, a.fence
	a.journal = journal.New(a.shop.journalDir, header)
	a.openSpool()
	record, err := a.eventRecord(&pb.RunEvent{Event: &pb.RunEvent_Accepted{Accepted: &pb.Accepted{}}})
	if err != nil {
		return err
	}
	starting := journal.NewRecord(journal.KindStarting, afterwards)
	starting.Monotonic = int64(hostinfo.Monotonic())
	if err := a.journal.Begin(record, starting); err != nil {
		return err
	}
	a.account(a.journal.SpooledBytes)
	a.state = pb.RunState_RUN_STATE_STARTING
	return nil
}

// openSpool lets the journal find output in the directory of the command's supervisor.
func (a *Attempt) openSpool() {
	header := a.journal.Header
	if len(header.Channels) > 0 {
		a.spool = supervision.NewSpoolReader(a.directory(), header.SegmentBytes)
		a.trash = supervision.NewSegmentReclaimer(a.directory(), header.SegmentBytes, len(header.Channels))
		a.journal.Spool = a.spool
	}
}

// directory is where the supervisor of the attempt's command keeps what it has to say.
func (a *Attempt) directory() string {
	return filepath.Join(a.shop.supervisedDir, fmt.Sprintf("%s.%d", a.RunID, a.Key.Attempt))
}

// unbegin takes back what begin wrote, when it can't be made durable.
func (a *Attempt) unbegin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.account(-a.journal.SpooledBytes)
	a.journal.Remove()
	header := a.journal.Header
	a.journal = journal.New(a.shop.journalDir, header)
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

// Forget removes its journal, and its output.
func (a *Attempt) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.account(-a.journal.SpooledBytes)
	a.journal.Remove()
	a.state = pb.RunState_RUN_STATE_RELEASED
	if a.spool == nil {
		return
	}
	a.spool.Close()
	if err := durable.RemoveTree(a.directory()); err != nil {
		a.shop.Log.Error("a directory of output can't be removed", "run", a.RunID, "error", err)
	}
}

// Close lets go of its journal and leaves it for the next worker process.
func (a *Attempt) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.journal.Close()
	if a.spool != nil {
		a.spool.Close()
	}
}
