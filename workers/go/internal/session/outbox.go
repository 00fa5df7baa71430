package session

import (
	"context"
	"slices"
	"sync"

	"buildledger/workers/go/internal/runs"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	// maxEventBytes is how much of a message of 256 KiB is left for events.
	maxEventBytes        = 244 << 10
	defaultRunCredit     = 1 << 20
	defaultSessionCredit = 8 << 20
)

// Outbox decides what goes into the next message: control messages first, then events of all runs in turn, as far as credit allows.
// It is safe for concurrent use.
type Outbox struct {
	mu            sync.Mutex
	notified      chan struct{} // Holds a token when there may be something to send.
	control       []*pb.Up
	ready         []*runs.Attempt // May have something to send; each once.
	isReady       map[*runs.Attempt]bool
	blocked       []*runs.Attempt        // Have output to send, and wait for credit of the session.
	known         map[*runs.Attempt]bool // Were woken in this session.
	runCredit     uint64
	sessionCredit uint64
}

// NewOutbox makes an empty outbox.
func NewOutbox() *Outbox {
	o := &Outbox{notified: make(chan struct{}, 1)}
	o.StartSession(nil, 0, 0)
	return o
}

// Wake says that an attempt may have something to send.
func (o *Outbox) Wake(attempt *runs.Attempt) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wake(attempt)
}

// wake is Wake for callers that hold the lock.
func (o *Outbox) wake(attempt *runs.Attempt) {
	if !o.known[attempt] {
		o.known[attempt] = true
		attempt.StartSession(o.runCredit)
	}
	if !o.isReady[attempt] {
		o.isReady[attempt] = true
		o.ready = append(o.ready, attempt)
	}
	o.notify()
}

// Post queues a message that is sent before any event.
func (o *Outbox) Post(message *pb.Up) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.control = append(o.control, message)
	o.notify()
}

// StartSession begins again with all that isn't acknowledged, on a fresh stream. Credits of 0 mean the defaults.
func (o *Outbox) StartSession(attempts []*runs.Attempt, runCredit, sessionCredit uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.control, o.ready, o.blocked = nil, nil, nil
	o.isReady, o.known = make(map[*runs.Attempt]bool), make(map[*runs.Attempt]bool)
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
		case <-o.notified:
		}
	}
}

// next is the next message to send; nil if there is none.
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

// events are the events of the next message.
func (o *Outbox) events() []*pb.RunEvent {
	var events []*pb.RunEvent
	left := maxEventBytes
	inFlight := o.inFlight()
	if inFlight < o.sessionCredit {
		for _, attempt := range o.blocked {
			o.wake(attempt)
		}
		o.blocked = nil
	}
	for len(o.ready) > 0 {
		attempt := o.ready[0]
		before := attempt.InFlight()
		event, size, outcome := attempt.Take(left, inFlight < o.sessionCredit)
		if outcome == runs.EventTaken {
			events = append(events, event)
			left -= size
			inFlight += attempt.InFlight() - min(before, attempt.InFlight())
			continue
		}
		o.ready = o.ready[1:]
		switch outcome {
		case runs.TooLarge:
			// Next time it is the last.
			o.ready = append(o.ready, attempt)
			return events
		case runs.NoCredit:
			o.blocked = append(o.blocked, attempt)
		}
		delete(o.isReady, attempt)
	}
	return events
}

// inFlight is how many bytes of output of all runs are sent and not acknowledged. Released attempts don't count, and are dropped.
func (o *Outbox) inFlight() uint64 {
	var total uint64
	for attempt := range o.known {
		if attempt.State() == pb.RunState_RUN_STATE_RELEASED {
			delete(o.known, attempt)
			o.ready = slices.DeleteFunc(o.ready, func(each *runs.Attempt) bool { return each == attempt })
			delete(o.isReady, attempt)
			continue
		}
		total += attempt.InFlight()
	}
	return total
}

func (o *Outbox) notify() {
	select {
	case o.notified <- struct{}{}:
	default:
	}
}
