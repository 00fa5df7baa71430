package run

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"buildledger/workers/go/internal/journal"
	"buildledger/workers/go/internal/machine"
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
	Stop     *StopRequest

	shop   *Workshop
	cookie string
	gone   chan struct{}

	mu      sync.Mutex
	fence   uint64
	state   pb.RunState
	journal *journal.Journal
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
	return &Attempt{
		Key:      Key{header.RunID, header.Attempt},
		BuildDir: header.BuildDir,
		Stop:     newStopRequest(),
		shop:     shop,
		cookie:   header.Cookie,
		gone:     make(chan struct{}),
		fence:    header.Fence,
		state:    pb.RunState_RUN_STATE_NEW,
		journal:  j,
		// After a restart every event in the journal may have been sent.
		sending: sending{next: j.FirstUnacked(), sentThrough: j.NextEvent - 1},
	}
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
		a.journal.Note(record)
	}
	a.shop.Spool.change(a.journal.SpooledBytes)
	a.end()
}

// begin journals that it is accepted and about to start. After an error there is no journal.
func (a *Attempt) begin(channels []string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	header := a.journal.Header
	header.Channels, header.Fence = channels, a.fence
	a.journal = journal.New(a.shop.journalDir, header)
	record, err := a.eventRecord(&pb.RunEvent{Event: &pb.RunEvent_Accepted{Accepted: &pb.Accepted{}}})
	if err != nil {
		return err
	}
	if err := a.journal.Begin(record, journal.NewRecord(journal.KindStarting, nil)); err != nil {
		return err
	}
	a.shop.Spool.change(a.journal.SpooledBytes)
	a.state = pb.RunState_RUN_STATE_STARTING
	return nil
}

// unbegin takes back what begin wrote, when it can't be made durable.
func (a *Attempt) unbegin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shop.Spool.change(-a.journal.SpooledBytes)
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

// record journals an event (and, in the same write, records that stand before it), then has it sent.
func (a *Attempt) record(event *pb.RunEvent, before ...*journal.Record) error {
	a.mu.Lock()
	record, err := a.eventRecord(event)
	if err == nil {
		err = a.append(append(before, record)...)
	}
	a.mu.Unlock()
	if err == nil {
		a.shop.Wake(a)
	}
	return err
}

// recordOutput journals output up to limit bytes of the attempt (0: no limit), then has it sent; it returns what was within.
func (a *Attempt) recordOutput(channel int, data []byte, limit uint64) ([]byte, error) {
	a.mu.Lock()
	if limit > 0 {
		data = data[:min(uint64(len(data)), limit-min(limit, a.journal.DataEnd))]
	}
	var err error
	if len(data) > 0 {
		err = a.append(a.newRecord(journal.KindOutput, channel, data))
	}
	a.mu.Unlock()
	if err != nil {
		return nil, err
	}
	a.shop.Wake(a)
	return data, nil
}

// recordGap journals that bytes of output are left out.
func (a *Attempt) recordGap(channel int, bytes uint64) error {
	a.mu.Lock()
	end := a.journal.Offsets[channel] + bytes
	err := a.append(a.newRecord(journal.KindGap, channel, binary.LittleEndian.AppendUint64(nil, end)))
	a.mu.Unlock()
	a.shop.Wake(a)
	return err
}

// exit journals its last event. On a full disk it is kept in memory, so that it still reaches the server.
func (a *Attempt) exit(exited *pb.Exited) {
	a.mu.Lock()
	record, err := a.eventRecord(&pb.RunEvent{Event: &pb.RunEvent_Exited{Exited: exited}})
	if err == nil {
		err = a.append(record)
	}
	if err != nil {
		a.shop.Log.Error("the end of a run can't be journalled", "run", a.RunID, "error", err)
		a.journal.Note(record)
		a.shop.Spool.change(int64(len(record.Body)))
	}
	a.end()
}

// Fail ends it after a fault of the worker itself, wherever it stood.
func (a *Attempt) Fail(message string) {
	switch state := a.State(); {
	case state < pb.RunState_RUN_STATE_STARTING:
		a.Reject(pb.RejectCode_REJECT_CODE_UNSPECIFIED, "%s", message)
	case state < pb.RunState_RUN_STATE_EXITED:
		a.exit(&pb.Exited{Message: message})
	}
}

// end gives up the lock. The last event may be acknowledged from then on, so that the state has to be right before.
func (a *Attempt) end() {
	a.state = pb.RunState_RUN_STATE_EXITED
	a.mu.Unlock()
	close(a.gone)
	a.shop.Wake(a)
}

// append writes records; the caller holds the lock.
func (a *Attempt) append(records ...*journal.Record) error {
	before := a.journal.SpooledBytes
	err := a.journal.Append(records...)
	a.shop.Spool.change(a.journal.SpooledBytes - before)
	return err
}

func (a *Attempt) eventRecord(event *pb.RunEvent) (*journal.Record, error) {
	body, err := proto.Marshal(event)
	return a.newRecord(journal.KindEvent, 0, body), err
}

func (a *Attempt) newRecord(kind journal.Kind, channel int, body []byte) *journal.Record {
	record := journal.NewRecord(kind, body)
	record.Channel = uint8(channel)
	record.EventNo = a.journal.NextEvent
	if kind != journal.KindEvent {
		record.Offset = a.journal.Offsets[channel]
	}
	record.Wall = time.Now().UnixNano()
	record.Monotonic = int64(machine.Monotonic())
	return record
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

// Forget removes its journal.
func (a *Attempt) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shop.Spool.change(-a.journal.SpooledBytes)
	a.journal.Remove()
	a.state = pb.RunState_RUN_STATE_RELEASED
}

// Close lets go of its journal and leaves it for the next worker process.
func (a *Attempt) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.journal.Close()
}
