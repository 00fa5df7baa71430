package session

import (
	"context"
	"slices"
	"sync"

	"buildledger/workers/go/internal/runs"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	// messageBytes is what is left of a message of 256 KiB for events.
	messageBytes         = 244 << 10
	defaultRunCredit     = 1 << 20
	defaultSessionCredit = 8 << 20
)

// Outbox decides what goes into the next message: control messages first, then events of all runs, fairly, as far as credit allows.
type Outbox struct {
	mu            sync.Mutex
	something     chan struct{} // Holds a token when there may be something to send.
	control       []*pb.Up
	waiting       []*runs.Attempt // May have something to send; each once.
	isWaiting     map[*runs.Attempt]bool
	starved       []*runs.Attempt // Wait for credit of the session.
	known         map[*runs.Attempt]bool
	runCredit     uint64
	sessionCredit uint64
}

// NewOutbox makes an empty one.
func NewOutbox() *Outbox {
	o := &Outbox{something: make(chan struct{}, 1)}
	o.StartSession(nil, 0, 0)
	return o
}

// Wake has an attempt looked at when the next message is made.
func (o *Outbox) Wake(attempt *runs.Attempt) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wake(attempt)
}

func (o *Outbox) wake(attempt *runs.Attempt) {
	if !o.known[attempt] {
		o.known[attempt] = true
		attempt.StartSession(o.runCredit)
	}
	if !o.isWaiting[attempt] {
		o.isWaiting[attempt] = true
		o.waiting = append(o.waiting, attempt)
	}
	o.signal()
}

// Post has a message sent before any event.
func (o *Outbox) Post(message *pb.Up) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.control = append(o.control, message)
	o.signal()
}

// StartSession begins again with all that isn't acknowledged, on a fresh stream. Credits of 0 mean the usual.
func (o *Outbox) StartSession(attempts []*runs.Attempt, runCredit, sessionCredit uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.control, o.waiting, o.starved = nil, nil, nil
	o.isWaiting, o.known = make(map[*runs.Attempt]bool), make(map[*runs.Attempt]bool)
	o.runCredit, o.sessionCredit = defaultRunCredit, defaultSessionCredit
	if runCredit > 0 {
		o.runCredit = runCredit
	}
	if sessionCredit > 0 {
		o.sessionCredit = sessionCredit
	}
	for _, attempt := range attempts {
		o.wake(attempt)
	}
}

// Next is the next message to send; it waits until there is one.
func (o *Outbox) Next(ctx context.Context) (*pb.Up, error) {
	for {
		if message := o.next(); message != nil {
			return message, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-o.something:
		}
	}
}

func (o *Outbox) next() *pb.Up {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.control) > 0 {
		message := o.control[0]
		o.control = o.control[1:]
		return message
	}
	if events := o.events(); len(events) > 0 {
		return &pb.Up{Message: &pb.Up_Events{Events: &pb.RunEvents{Events: events}}}
	}
	return nil
}

func (o *Outbox) events() []*pb.RunEvent {
	var events []*pb.RunEvent
	room := messageBytes
	inFlight := o.inFlight()
	if inFlight < o.sessionCredit {
		for _, attempt := range o.starved {
			o.wake(attempt)
		}
		o.starved = nil
	}
	for len(o.waiting) > 0 {
		attempt := o.waiting[0]
		before := attempt.InFlight()
		event, size, outcome := attempt.Take(room, inFlight < o.sessionCredit)
		if outcome == runs.TakenEvent {
			events = append(events, event)
			room -= size
			inFlight += attempt.InFlight() - min(before, attempt.InFlight())
			continue
		}
		o.waiting = o.waiting[1:]
		switch outcome {
		case runs.TooLarge:
			// The others come first next time.
			o.waiting = append(o.waiting, attempt)
			return events
		case runs.Starved:
			o.starved = append(o.starved, attempt)
		}
		delete(o.isWaiting, attempt)
	}
	return events
}

// inFlight is the output of all runs that is sent and not acknowledged; those that were released no longer count.
func (o *Outbox) inFlight() uint64 {
	var total uint64
	for attempt := range o.known {
		if attempt.State() == pb.RunState_RUN_STATE_RELEASED {
			delete(o.known, attempt)
			o.waiting = slices.DeleteFunc(o.waiting, func(each *runs.Attempt) bool { return each == attempt })
			delete(o.isWaiting, attempt)
			continue
		}
		total += attempt.InFlight()
	}
	return total
}

func (o *Outbox) signal() {
	select {
	case o.something <- struct{}{}:
	default:
	}
}
