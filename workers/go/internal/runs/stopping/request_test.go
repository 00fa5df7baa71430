package stopping

import (
	"testing"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
)

// hasChanged takes the token, if there is one.
func hasChanged(r *Request) bool {
	select {
	case <-r.Changed():
		return true
	default:
		return false
	}
}

// The first reason stands, the highest level counts, and only what is more urgent is a change.
func TestRequestsBecomeMoreUrgentOnly(t *testing.T) {
	grace := time.Second
	r := NewRequest()
	ctx, cancel := r.Context()
	defer cancel()
	if r.IsMade() || hasChanged(r) || ctx.Err() != nil {
		t.Error("a fresh request is made")
	}
	r.Make(contract.Cancel, processes.Terminate, nil)
	<-ctx.Done()
	if !r.IsMade() || !hasChanged(r) {
		t.Error("it isn't made")
	}
	r.Make(contract.MaxTime, processes.Interrupt, &grace)
	r.Make(contract.MaxTime, processes.Terminate, &grace)
	if level, given := r.LevelAndGrace(); hasChanged(r) || level != processes.Terminate || given != nil {
		t.Errorf("%s, %v after less urgent requests", level, given)
	}
	r.Make(contract.Abandoned, processes.Kill, &grace)
	level, given := r.LevelAndGrace()
	if !hasChanged(r) || level != processes.Kill || given != &grace || r.Reason() != contract.Cancel {
		t.Errorf("%s, %v, %s", level, given, r.Reason())
	}
}
