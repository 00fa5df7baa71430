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

// eventOverhead is how many bytes an event takes in a message beside its body, mainly for the key of its attempt.
const eventOverhead = 160

// delivery is how far an attempt's events have been sent and acknowledged. The attempt's lock guards it.
type delivery struct {
	next        uint64
	sentThrough uint64 // Highest event that may ever have been sent.
	window      uint64 // Output that may be sent beyond what is acknowledged.
	creditUntil uint64 // Up to here output may be sent in any case.
	sentDataEnd uint64
	isUnknown   bool // The server doesn't know the attempt: nothing is sent, and it is removed when it has ended.
	awaitsAck   bool // Its journal may have lost its end in a crash of the machine: nothing is sent before the server has acknowledged.
}

// Outcome is what Take found.
type Outcome int

const (
	// NothingTaken: there is nothing (more) to send.
	NothingTaken Outcome = iota
	// EventTaken: an event is to be sent.
	EventTaken
	// TooLarge: the next event takes more bytes than are left.
	TooLarge
	// NoCredit: the session has no credit for the output that is next.
	NoCredit
)

// Take is the next event to send, with the bytes it takes in a message, if it isn't larger than maxBytes. Output is sent only with
// hasCredit.
func (a *Attempt) Take(maxBytes int, hasCredit bool) (event *pb.RunEvent, size int, outcome Outcome) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.isUnknown || a.awaitsAck || a.state == pb.RunState_RUN_STATE_RELEASED {
		return nil, 0, NothingTaken
	}
	entry := a.journal.Entry(a.next)
	if entry == nil {
		return nil, 0, NothingTaken
	}
	isOutput := entry.Record.Kind == journal.KindOutput
	if isOutput && entry.DataStart >= max(a.creditUntil, a.journal.DataAcked()+a.window) {
		return nil, 0, NothingTaken
	}
	size = entry.Bytes + eventOverhead
	if size > maxBytes {
		return nil, 0, TooLarge
	}
	if isOutput && !hasCredit {
		return nil, 0, NoCredit
	}
	event, err := a.eventOf(entry)
	if err != nil {
		a.store.log.Error("an event can't be read back", "run", a.RunID, "error", err)
		return nil, 0, NothingTaken
	}
	a.next = entry.Record.EventNo + 1
	a.sentThrough = max(a.sentThrough, entry.Record.EventNo)
	a.sentDataEnd = max(a.sentDataEnd, entry.DataEnd)
	return event, size, EventTaken
}

// eventOf is a journalled event as the protocol has it.
func (a *Attempt) eventOf(entry *journal.Entry) (*pb.RunEvent, error) {
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

// StartSession has everything that isn't acknowledged sent again, on a fresh stream; window is how much output may be
// unacknowledged.
func (a *Attempt) StartSession(window uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.next = a.journal.FirstUnacked()
	a.window = window
	a.creditUntil = 0
	a.sentDataEnd = a.journal.DataAcked()
}

// InFlight is how many bytes of output are sent on this stream and not acknowledged.
func (a *Attempt) InFlight() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state == pb.RunState_RUN_STATE_RELEASED || a.sentDataEnd < a.journal.DataAcked() {
		return 0
	}
	return a.sentDataEnd - a.journal.DataAcked()
}

// Credit notes up to which byte of output the server takes it in any case.
func (a *Attempt) Credit(upTo uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.creditUntil = max(a.creditUntil, upTo)
}

// Acknowledge deletes what the server has, and sends again from where it asks for that.
func (a *Attempt) Acknowledge(ack *pb.Ack) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.awaitsAck = false
	before := a.journal.SpooledBytes
	through := ack.GetThroughEvent()
	a.journal.ReleaseThrough(min(through, a.sentThrough))
	if through > a.sentThrough {
		a.store.log.Warn("the server knows more events than this journal; renumbering", "run", a.RunID)
		a.renumberAfter(through)
	}
	if ack.ResumeFrom != nil {
		a.resumeFrom(ack.GetResumeFrom())
	}
	a.next = max(a.next, a.journal.FirstUnacked())
	a.countSpooled(a.journal.SpooledBytes - before)
	if a.state != pb.RunState_RUN_STATE_RELEASED {
		for channel, position := range a.journal.Released {
			a.reclaimer.Reclaim(channel, position)
		}
	}
	if a.state == pb.RunState_RUN_STATE_EXITED && a.journal.FirstUnacked() == a.journal.NextEvent {
		a.state = pb.RunState_RUN_STATE_ALL_ACKED
	}
}

// resumeFrom sends again from an event on.
func (a *Attempt) resumeFrom(eventNo uint64) {
	if eventNo < a.journal.FirstUnacked() {
		a.store.log.Error("events were lost in a crash of the machine", "run", a.RunID, "from", eventNo)
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

// StopAwaitingAck has events sent although the server hasn't acknowledged any; it reports whether the attempt was waiting for that.
func (a *Attempt) StopAwaitingAck() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	wasWaiting := a.awaitsAck
	a.awaitsAck = false
	return wasWaiting
}

// MarkUnknown says that the server doesn't know the attempt: nothing more of it is sent.
func (a *Attempt) MarkUnknown() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.isUnknown = true
}

// IsUnknown reports whether the server doesn't know the attempt.
func (a *Attempt) IsUnknown() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.isUnknown
}

// Summary is what Hello says about the attempt; nil if Hello doesn't name it.
func (a *Attempt) Summary() *pb.RunSummary {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.isUnknown || a.state <= pb.RunState_RUN_STATE_NEW || a.state == pb.RunState_RUN_STATE_RELEASED {
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
