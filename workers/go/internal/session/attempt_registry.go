package session

import (
	"log/slog"
	"regexp"
	"sync"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/runs"
	pb "buildledger/workers/go/internal/workerv1"
)

// maxRemembered are the released attempts that are remembered, in case an old message asks for one again.
const maxRemembered = 10_000

var runIDPattern = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// AttemptRegistry has every attempt from when the server first names it until it is released, and converges to what the server
// wants of them. It is safe for concurrent use.
type AttemptRegistry struct {
	store    *runs.AttemptStore
	runner   *runs.Runner
	outbox   *Outbox
	log      *slog.Logger
	onBegins func(buildDir string) // Called before a run begins.

	mu         sync.Mutex
	attempts   map[runs.Key]*runs.Attempt
	order      []runs.Key // Of attempts, in the order in which they came.
	released   map[runs.Key]bool
	oldest     []runs.Key // Of released, oldest first.
	isDraining bool
	epoch      uint64
	revision   uint64
	changed    chan struct{} // Closed when something was acknowledged or released.
}

// NewAttemptRegistry has the attempts that an earlier worker process left, and resumes those that haven't ended.
func NewAttemptRegistry(
	store *runs.AttemptStore, runner *runs.Runner, outbox *Outbox, log *slog.Logger, recovered []*runs.Attempt,
	onBegins func(buildDir string),
) *AttemptRegistry {
	r := &AttemptRegistry{
		store:    store,
		runner:   runner,
		outbox:   outbox,
		log:      log,
		onBegins: onBegins,
		attempts: make(map[runs.Key]*runs.Attempt),
		released: make(map[runs.Key]bool),
		changed:  make(chan struct{}),
	}
	for _, attempt := range recovered {
		r.add(attempt)
		if !attempt.HasEnded() {
			go func() {
				runner.Resume(attempt)
				r.removeIfUnknown(attempt)
			}()
		}
	}
	return r
}

// All are the attempts in the order in which they came.
func (r *AttemptRegistry) All() []*runs.Attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all()
}

// all is All for callers that hold the lock.
func (r *AttemptRegistry) all() []*runs.Attempt {
	all := make([]*runs.Attempt, 0, len(r.order))
	for _, key := range r.order {
		all = append(all, r.attempts[key])
	}
	return all
}

// WhileNoneBegins calls look with the build directories of the attempts at work, and lets none begin meanwhile.
func (r *AttemptRegistry) WhileNoneBegins(look func(busy []string)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var busy []string
	for _, attempt := range r.all() {
		if !attempt.HasEnded() {
			busy = append(busy, attempt.BuildDir)
		}
	}
	look(busy)
}

// Drain has new runs rejected from now on.
func (r *AttemptRegistry) Drain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.isDraining = true
}

// StopAll asks everything that runs to end.
func (r *AttemptRegistry) StopAll(reason contract.Reason, level processes.Level) {
	for _, attempt := range r.All() {
		if !attempt.HasEnded() {
			attempt.Stop.Make(reason, level, nil)
		}
	}
}

// Undelivered is nil if the server has every event; otherwise it is closed when that may have changed.
func (r *AttemptRegistry) Undelivered() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, attempt := range r.attempts {
		if attempt.State() < pb.RunState_RUN_STATE_ALL_ACKED && !attempt.IsUnknown() {
			return r.changed
		}
	}
	return nil
}

// Apply converges to what the server wants. Repeating it changes nothing; an outdated message is ignored.
func (r *AttemptRegistry) Apply(desired *pb.Desired) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if desired.GetEpoch() < r.epoch || desired.GetEpoch() == r.epoch && desired.GetRevision() < r.revision {
		return
	}
	r.epoch, r.revision = desired.GetEpoch(), desired.GetRevision()
	isNamed := make(map[runs.Key]bool)
	for _, wanted := range desired.GetRuns() {
		key := runs.Key{RunID: wanted.GetRunId(), Attempt: wanted.GetAttempt()}
		isNamed[key] = true
		if !runIDPattern.MatchString(key.RunID) || key.Attempt == 0 {
			r.log.Error("ignoring a run whose name makes no sense", "run", key.RunID, "attempt", key.Attempt)
			continue
		}
		if attempt := r.attempts[key]; attempt != nil {
			r.converge(attempt, wanted)
		} else if wanted.GetWant() != pb.Want_WANT_RELEASE && !r.released[key] {
			r.startNew(key, wanted)
		}
	}
	if !desired.GetFull() {
		return
	}
	for _, attempt := range r.all() {
		if !isNamed[attempt.Key] {
			r.abandonUnknown(attempt)
		}
	}
}

// Acknowledge notes which events of an attempt the server has.
func (r *AttemptRegistry) Acknowledge(ack *pb.Ack) {
	r.mu.Lock()
	attempt := r.attempts[runs.Key{RunID: ack.GetRunId(), Attempt: ack.GetAttempt()}]
	if attempt != nil {
		attempt.Acknowledge(ack)
		if ack.GetRelease() {
			r.release(attempt)
		}
		r.notifyChange()
	}
	r.mu.Unlock()
	if attempt != nil {
		r.outbox.Wake(attempt)
	}
}

// Credit notes how much of an attempt's output the server takes.
func (r *AttemptRegistry) Credit(credit *pb.Credit) {
	r.mu.Lock()
	attempt := r.attempts[runs.Key{RunID: credit.GetRunId(), Attempt: credit.GetAttempt()}]
	r.mu.Unlock()
	if attempt != nil {
		// Before the credit is noted: the first wake on a stream resets it.
		r.outbox.Wake(attempt)
		attempt.Credit(credit.GetUpToBytes())
		r.outbox.Wake(attempt)
	}
}

// StopAwaitingAcks sends the events of attempts whose journal may have lost its end: the server had time enough to acknowledge
// first.
func (r *AttemptRegistry) StopAwaitingAcks() {
	for _, attempt := range r.All() {
		if attempt.StopAwaitingAck() {
			r.outbox.Wake(attempt)
		}
	}
}

// converge does what the server wants of an attempt that is here.
func (r *AttemptRegistry) converge(attempt *runs.Attempt, wanted *pb.DesiredRun) {
	if !attempt.RaiseFence(wanted.GetFence()) {
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
		r.release(attempt)
	}
}

// abandonUnknown ends an attempt that the server doesn't know, and removes it as soon as it has ended.
func (r *AttemptRegistry) abandonUnknown(attempt *runs.Attempt) {
	attempt.MarkUnknown()
	attempt.Stop.Make(contract.Abandoned, processes.Kill, nil)
	r.release(attempt)
}

// removeIfUnknown is called when an attempt has ended. The server releases those that it knows; the others are removed here.
func (r *AttemptRegistry) removeIfUnknown(attempt *runs.Attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if attempt.IsUnknown() {
		r.release(attempt)
	}
}

func (r *AttemptRegistry) add(attempt *runs.Attempt) {
	r.attempts[attempt.Key] = attempt
	r.order = append(r.order, attempt.Key)
}

// release removes an attempt with its journal, if it is here and has ended.
func (r *AttemptRegistry) release(attempt *runs.Attempt) {
	if r.attempts[attempt.Key] == nil || !attempt.HasEnded() {
		return
	}
	delete(r.attempts, attempt.Key)
	for i, key := range r.order {
		if key == attempt.Key {
			r.order = append(r.order[:i], r.order[i+1:]...)
			break
		}
	}
	attempt.Remove()
	r.released[attempt.Key] = true
	r.oldest = append(r.oldest, attempt.Key)
	if len(r.oldest) > maxRemembered {
		delete(r.released, r.oldest[0])
		r.oldest = r.oldest[1:]
	}
	r.notifyChange()
}

func (r *AttemptRegistry) notifyChange() {
	close(r.changed)
	r.changed = make(chan struct{})
}
