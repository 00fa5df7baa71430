package session

import (
	"crypto/rand"
	"encoding/hex"

	"buildledger/workers/go/internal/runs"
	pb "buildledger/workers/go/internal/workerv1"
)

// startNew adds an attempt that the server names for the first time, and runs it, or rejects it.
func (r *AttemptRegistry) startNew(key runs.Key, wanted *pb.DesiredRun) {
	switch wanted.GetWant() {
	case pb.Want_WANT_RUN, pb.Want_WANT_STOP, pb.Want_WANT_ABANDON:
	default:
		return // A newer protocol may want what this worker doesn't know.
	}
	spec := wanted.GetSpec()
	attempt := r.store.NewAttempt(key, wanted.GetFence(), spec.GetBuilddir(), newCookie())
	predecessors := r.predecessorsOf(attempt)
	r.add(attempt)
	switch {
	case wanted.GetWant() != pb.Want_WANT_RUN:
		attempt.Reject(pb.RejectCode_REJECT_CODE_STOPPED_BEFORE_START, "it was stopped before it was started")
	case r.isDraining:
		attempt.Reject(pb.RejectCode_REJECT_CODE_DRAINING, "this worker takes no new work")
	case spec == nil:
		attempt.Reject(pb.RejectCode_REJECT_CODE_INVALID_SPEC,
			"this worker doesn't hold the run, and there is no specification")
	default:
		r.onBegins(attempt.BuildDir)
		go func() {
			r.runner.Run(attempt, spec, predecessors)
			r.removeIfUnknown(attempt)
		}()
	}
}

// predecessorsOf are the attempts that have to end before another may start: earlier attempts of its run, and those in its build
// directory that were asked to stop.
func (r *AttemptRegistry) predecessorsOf(attempt *runs.Attempt) []*runs.Attempt {
	var predecessors []*runs.Attempt
	for _, other := range r.all() {
		isStopping := other.BuildDir == attempt.BuildDir && other.Stop.IsMade()
		if (other.RunID == attempt.RunID || isStopping) && !other.HasEnded() {
			predecessors = append(predecessors, other)
		}
	}
	return predecessors
}

// newCookie is a random value that identifies a run's processes.
func newCookie() string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // Never fails.
	return hex.EncodeToString(random[:])
}
