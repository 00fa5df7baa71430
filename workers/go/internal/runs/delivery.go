package runs

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"buildledger/workers/go/internal/journal"
	pb "buildledger/workers/go/internal/workerv1"
)

// eventOverhead is what an event takes in a message beside its body: the identity of its attempt, mainly.
const eventOverhead = 160

// sending is how far an attempt's events have gone over the wire. It is guarded by the attempt's lock.
type sending struct {
	next        uint64
	sentThrough uint64 // Highest event that may ever have been sent.
	window      uint64 // Output that may be sent beyond what is acknowledged.
	creditUntil uint64 // Up to here output may be sent in any case.
	sentDataEnd uint64
	isSilent    bool // The server doesn't know it: nothing is sent, and it is forgotten as soon as it is gone.
	awaitsAck   bool // Its journal may have lost its tail in a crash of the machine: the server speaks first.
}

// Outcome says what Take found.
type Outcome int

const (
	// TakenNothing: there is nothing (more) to send.
	TakenNothing Outcome = iota
	// TakenEvent: an event is to be sent.
	TakenEvent
	// TooLarge: the next event doesn't fit into the room that is left.
	TooLarge
	// Starved: the session has no credit for the output that is next.
	Starved
)

// Take is the next event as it goes over the wire, with the bytes it needs in a message. An event always fits into a room of
// its own size or more; output needs hasCredit.
func (a *Attempt) Take(room int, hasCredit bool) (event *pb.RunEvent, size int, outcome Outcome) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.isSilent || a.awaitsAck || a.state == pb.RunState_RUN_STATE_RELEASED {
		return nil, 0, TakenNothing
	}
	entry := a.journal.Entry(a.next)
	if entry == nil {
		return nil, 0, TakenNothing
	}
	isOutput := entry.Record.Kind == journal.KindOutput
	if isOutput && entry.DataStart >= max(a.creditUntil, a.journal.DataAcked()+a.window) {
		return nil, 0, TakenNothing
	}
	size = entry.Bytes + eventOverhead
	if size > room {
		return nil, 0, TooLarge
	}
	if isOutput && !hasCredit {
		return nil, 0, Starved
	}
	event, err := a.onTheWire(entry)
	if err != nil {
		a.shop.Log.Error("an event can't be read back", "run", a.RunID, "error", err)
		return nil, 0, TakenNothing
	}
	a.next = entry.Record.EventNo + 1
	a.sentThrough = max(a.sentThrough, entry.Record.EventNo)
	a.sentDataEnd = max(a.sentDataEnd, entry.DataEnd)
	return event, size, TakenEvent
}

func (a *Attempt) onTheWire(entry *journal.Entry) (*pb.RunEvent, error) {
	record := entry.Record
	event := &pb.RunEvent{}
	channels := a.journal.Header.Channels
	switch record.Kind {
	case journal.KindOutput:
		data, err := a.journal.Output(entry)
		if err != nil {
			return nil, err
		}
		event.Event = &pb.RunEvent_Output{Output: &pb.Output{
			Channel: channels[record.Channel], Offset: record.Offset, Data: data, Crc32C: record.Chunk.CRC,
		}}
	case journal.KindGap:
		event.Event = &pb.RunEvent_Gap{Gap: &pb.Gap{
			Channel: channels[record.Channel], FromOffset: record.Offset, ToOffset: record.GapEnd(), Reason: "spool full",
		}}
	default:
		body, err := a.journal.Body(entry)
		if err != nil {
			return nil, err
		}
		if err := proto.Unmarshal(body, event); err != nil {
			return nil, fmt.Errorf("a journalled event: %w", err)
		}
	}
	event.RunId, event.Attempt, event.Fence, event.EventNo = a.RunID, a.Key.Attempt, a.fence, record.EventNo
	event.Wall = timestamppb.New(time.Unix(0, record.Wall))
	event.Monotonic = durationpb.New(time.Duration(record.Monotonic))
	return event, nil
}

// StartSession has everything sent again that isn't acknowledged, on a fresh stream.
func (a *Attempt) StartSession(window uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.next = a.journal.FirstUnacked()
	a.window = window
	a.creditUntil = 0
	a.sentDataEnd = a.journal.DataAcked()
}

// InFlight is the output sent on this stream and not acknowledged.
func (a *Attempt) InFlight() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state == pb.RunState_RUN_STATE_RELEASED || a.sentDataEnd < a.journal.DataAcked() {
		return 0
	}
	return a.sentDataEnd - a.journal.DataAcked()
}

// Credit takes note of how much output the server takes.
func (a *Attempt) Credit(upTo uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.creditUntil = max(a.creditUntil, upTo)
}

// Acknowledge frees what the server has, and goes back if it asks.
func (a *Attempt) Acknowledge(ack *pb.Ack) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.awaitsAck = false
	before := a.journal.SpooledBytes
	through := ack.GetThroughEvent()
	a.journal.FreeThrough(min(through, a.sentThrough))
	if through > a.sentThrough {
		a.shop.Log.Warn("the server knows more events than this journal; renumbering", "run", a.RunID)
		a.renumberAfter(through)
	}
	if ack.ResumeFrom != nil {
		a.resume(ack.GetResumeFrom())
	}
	a.next = max(a.next, a.journal.FirstUnacked())
	a.account(a.journal.SpooledBytes - before)
	if a.state != pb.RunState_RUN_STATE_RELEASED {
		for channel, position := range a.journal.Freed {
			a.trash.Reclaim(channel, position)
		}
	}
	if a.state == pb.RunState_RUN_STATE_EXITED && a.journal.FirstUnacked() == a.journal.NextEvent {
		a.state = pb.RunState_RUN_STATE_ALL_ACKED
	}
}

func (a *Attempt) resume(eventNo uint64) {
	if eventNo < a.journal.FirstUnacked() {
		a.shop.Log.Error("events were lost in a crash of the machine", "run", a.RunID, "from", eventNo)
		a.renumberAfter(eventNo - 1)
	}
	a.next = eventNo
	a.sentDataEnd = a.journal.DataEnd
	if entry := a.journal.Entry(eventNo); entry != nil {
		a.sentDataEnd = entry.DataStart
	}
}

func (a *Attempt) renumberAfter(eventNo uint64) {
	a.journal.RenumberAfter(eventNo)
	a.next = eventNo + 1
}

// AwaitNoAck has events sent of an attempt whose journal may be cut short, and about which the server has said nothing in time; it
// tells whether there is such an attempt.
func (a *Attempt) AwaitNoAck() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	awaited := a.awaitsAck
	a.awaitsAck = false
	return awaited
}

// Silence has nothing more sent: the server doesn't know the attempt.
func (a *Attempt) Silence() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.isSilent = true
}

// IsSilent tells whether it was silenced.
func (a *Attempt) IsSilent() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.isSilent
}

// Summary is what Hello says about it; nil if it says nothing.
func (a *Attempt) Summary() *pb.RunSummary {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.isSilent || a.state <= pb.RunState_RUN_STATE_NEW || a.state == pb.RunState_RUN_STATE_RELEASED {
		return nil
	}
	summary := &pb.RunSummary{
		RunId: a.RunID, Attempt: a.Key.Attempt, Fence: a.fence, State: a.state,
		NextEvent: a.journal.NextEvent, AckedThrough: a.journal.AckedThrough,
	}
	for channel, name := range a.journal.Header.Channels {
		summary.Offsets = append(summary.Offsets, &pb.ChannelOffset{Channel: name, Bytes: a.journal.Offsets[channel]})
	}
	return summary
}
