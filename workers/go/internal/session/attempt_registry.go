// Package session keeps what the worker holds and the server wants in step, over one stream after the other.
package session

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/runs"
	pb "buildledger/workers/go/internal/workerv1"
)

// rememberedReleases are attempts that were released, in case an old message asks for one again.
const rememberedReleases = 10_000

var runID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Holdings is every attempt from its first mention to its release, in the order in which they came.
type Holdings struct {
	shop *runs.Workshop
	log  *slog.Logger

	mu         sync.Mutex
	attempts   map[runs.Key]*runs.Attempt
	order      []runs.Key
	released   map[runs.Key]bool
	oldest     []runs.Key // Of released, oldest first.
	isDraining bool
	epoch      uint64
	revision   uint64
	changed    chan struct{} // Closed when something was acknowledged or released.
}

// NewHoldings holds what an earlier worker process left, and takes up what still runs.
func NewHoldings(shop *runs.Workshop, left []*runs.Attempt) *Holdings {
	h := &Holdings{
		shop:     shop,
		log:      shop.Log,
		attempts: make(map[runs.Key]*runs.Attempt),
		released: make(map[runs.Key]bool),
		changed:  make(chan struct{}),
	}
	for _, attempt := range left {
		h.hold(attempt)
		if !attempt.HasEnded() {
			go func() {
				attempt.Resume()
				h.forgetSilent(attempt)
			}()
		}
	}
	return h
}

// All are the attempts that are held.
func (h *Holdings) All() []*runs.Attempt {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all()
}

func (h *Holdings) all() []*runs.Attempt {
	all := make([]*runs.Attempt, 0, len(h.order))
	for _, key := range h.order {
		all = append(all, h.attempts[key])
	}
	return all
}

// Drain has fresh runs refused from now on.
func (h *Holdings) Drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.isDraining = true
}

// StopAll ends everything that runs.
func (h *Holdings) StopAll(reason contract.Reason, level processes.Level) {
	for _, attempt := range h.All() {
		if !attempt.HasEnded() {
			attempt.Stop.Make(reason, level, nil)
		}
	}
}

// Undelivered is a channel that is closed when that may have changed; nil if the server has everything that happened.
func (h *Holdings) Undelivered() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, attempt := range h.attempts {
		if attempt.State() < pb.RunState_RUN_STATE_ALL_ACKED && !attempt.IsSilent() {
			return h.changed
		}
	}
	return nil
}

// Apply converges to what the server wants. Repeating it changes nothing; an outdated message is ignored.
func (h *Holdings) Apply(desired *pb.Desired) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if desired.GetEpoch() < h.epoch || desired.GetEpoch() == h.epoch && desired.GetRevision() < h.revision {
		return
	}
	h.epoch, h.revision = desired.GetEpoch(), desired.GetRevision()
	named := make(map[runs.Key]bool)
	for _, wanted := range desired.GetRuns() {
		key := runs.Key{RunID: wanted.GetRunId(), Attempt: wanted.GetAttempt()}
		named[key] = true
		if !runID.MatchString(key.RunID) || key.Attempt == 0 {
			h.log.Error("ignoring a run whose name makes no sense", "run", key.RunID, "attempt", key.Attempt)
			continue
		}
		if attempt := h.attempts[key]; attempt != nil {
			h.converge(attempt, wanted)
		} else if wanted.GetWant() != pb.Want_WANT_RELEASE && !h.released[key] {
			h.receive(key, wanted)
		}
	}
	if !desired.GetFull() {
		return
	}
	for _, attempt := range h.all() {
		if !named[attempt.Key] {
			h.disown(attempt)
		}
	}
}

// Acknowledge takes note of how far the server has come with one attempt.
func (h *Holdings) Acknowledge(ack *pb.Ack) {
	h.mu.Lock()
	attempt := h.attempts[runs.Key{RunID: ack.GetRunId(), Attempt: ack.GetAttempt()}]
	if attempt != nil {
		attempt.Acknowledge(ack)
		if ack.GetRelease() {
			h.release(attempt)
		}
		h.noteChange()
	}
	h.mu.Unlock()
	if attempt != nil {
		h.shop.Wake(attempt)
	}
}

// Credit takes note of how much of one attempt's output the server takes.
func (h *Holdings) Credit(credit *pb.Credit) {
	h.mu.Lock()
	attempt := h.attempts[runs.Key{RunID: credit.GetRunId(), Attempt: credit.GetAttempt()}]
	h.mu.Unlock()
	if attempt != nil {
		// First of all: the first wake on a stream resets the credit.
		h.shop.Wake(attempt)
		attempt.Credit(credit.GetUpToBytes())
		h.shop.Wake(attempt)
	}
}

// AwaitNoAcks: the server had time enough to say how far it is with attempts whose journal may be cut short.
func (h *Holdings) AwaitNoAcks() {
	for _, attempt := range h.All() {
		if attempt.AwaitNoAck() {
			h.shop.Wake(attempt)
		}
	}
}

func (h *Holdings) converge(attempt *runs.Attempt, wanted *pb.DesiredRun) {
	if !attempt.Raise(wanted.GetFence()) {
		return
	}
	switch wanted.GetWant() {
	case pb.Want_WANT_STOP:
		var grace *time.Duration
		if wanted.GetStop().GetGrace() != nil {
			grace = new(wanted.GetStop().GetGrace().AsDuration())
		}
		attempt.Stop.Make(contract.Cancel, runs.LevelOf(wanted.GetStop().GetLevel()), grace)
	case pb.Want_WANT_ABANDON:
		attempt.Stop.Make(contract.Abandoned, processes.Kill, nil)
	case pb.Want_WANT_RELEASE:
		h.release(attempt)
	}
}

// receive holds an attempt that is heard of for the first time, and starts its work.
func (h *Holdings) receive(key runs.Key, wanted *pb.DesiredRun) {
	switch wanted.GetWant() {
	case pb.Want_WANT_RUN, pb.Want_WANT_STOP, pb.Want_WANT_ABANDON:
	default:
		return // Something this worker doesn't know; it can't be held against it.
	}
	spec := wanted.GetSpec()
	attempt := runs.NewAttempt(h.shop, key, wanted.GetFence(), spec.GetBuilddir(), newCookie())
	before := h.mustEndFirst(attempt)
	h.hold(attempt)
	switch {
	case wanted.GetWant() != pb.Want_WANT_RUN:
		attempt.Reject(pb.RejectCode_REJECT_CODE_STOPPED_BEFORE_START, "it was stopped before it was started")
	case h.isDraining:
		attempt.Reject(pb.RejectCode_REJECT_CODE_DRAINING, "this worker takes no new work")
	case spec == nil:
		attempt.Reject(pb.RejectCode_REJECT_CODE_INVALID_SPEC,
			"this worker doesn't hold the run, and there is no specification")
	default:
		go func() {
			attempt.Perform(spec, before)
			h.forgetSilent(attempt)
		}()
	}
}

// mustEndFirst are the attempts that could still change what a fresh one works on although nobody waits for them.
func (h *Holdings) mustEndFirst(fresh *runs.Attempt) []*runs.Attempt {
	var before []*runs.Attempt
	for _, other := range h.all() {
		isDoomed := other.BuildDir == fresh.BuildDir && other.Stop.IsMade()
		if (other.RunID == fresh.RunID || isDoomed) && !other.HasEnded() {
			before = append(before, other)
		}
	}
	return before
}

// disown ends and forgets an attempt that the server doesn't know.
func (h *Holdings) disown(attempt *runs.Attempt) {
	attempt.Silence()
	attempt.Stop.Make(contract.Abandoned, processes.Kill, nil)
	h.release(attempt)
}

// forgetSilent is called when an attempt has ended: one that nobody asks about is forgotten.
func (h *Holdings) forgetSilent(attempt *runs.Attempt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if attempt.IsSilent() {
		h.release(attempt)
	}
}

func (h *Holdings) hold(attempt *runs.Attempt) {
	h.attempts[attempt.Key] = attempt
	h.order = append(h.order, attempt.Key)
}

// release forgets an attempt, if it has ended and is held.
func (h *Holdings) release(attempt *runs.Attempt) {
	if h.attempts[attempt.Key] == nil || !attempt.HasEnded() {
		return
	}
	delete(h.attempts, attempt.Key)
	for i, key := range h.order {
		if key == attempt.Key {
			h.order = append(h.order[:i], h.order[i+1:]...)
			break
		}
	}
	attempt.Forget()
	h.released[attempt.Key] = true
	h.oldest = append(h.oldest, attempt.Key)
	if len(h.oldest) > rememberedReleases {
		delete(h.released, h.oldest[0])
		h.oldest = h.oldest[1:]
	}
	h.noteChange()
}

func (h *Holdings) noteChange() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// newCookie is a mark that no other run has.
func newCookie() string {
	var mark [16]byte
	_, _ = rand.Read(mark[:]) // Never fails.
	return hex.EncodeToString(mark[:])
}
