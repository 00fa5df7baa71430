package runs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"google.golang.org/protobuf/proto"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/hostinfo"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/runs/stopping"
	pb "buildledger/workers/go/internal/workerv1"
)

// Runner takes attempts from their specification to their last event: it checks, journals, fetches, operates and uploads.
type Runner struct {
	store    *AttemptStore
	executor *LocalExecutor
	log      *slog.Logger
	turn     <-chan struct{} // Closed when runs may begin; nil: at once.
}

// NewRunner runs attempts of a store.
func NewRunner(store *AttemptStore, executor *LocalExecutor, log *slog.Logger) *Runner {
	return &Runner{store: store, executor: executor, log: log}
}

// AwaitTurn has runs begin only when turn is closed, as if there were an attempt before them that is gone by then.
func (r *Runner) AwaitTurn(turn <-chan struct{}) { r.turn = turn }

// Run does what spec says, once the attempts in predecessors are gone. The attempt has ended when this returns.
func (r *Runner) Run(a *Attempt, spec *pb.RunSpec, predecessors []*Attempt) {
	defer r.endAfterPanic(a)
	p, err := newPlan(spec, r.executor.WorkDir, r.executor.Features)
	if err != nil {
		var refused *specRefusedError
		if !errors.As(err, &refused) {
			refused = &specRefusedError{pb.RejectCode_REJECT_CODE_UNSPECIFIED, err.Error()}
		}
		a.Reject(refused.code, "%s", refused.message)
		return
	}
	if !waitForAll(r.endsOf(predecessors), p.startTimeout) {
		a.Reject(pb.RejectCode_REJECT_CODE_START_TIMEOUT, "what ran in the build directory before didn't end in time")
		return
	}
	if a.Stop.IsMade() {
		a.Reject(pb.RejectCode_REJECT_CODE_STOPPED_BEFORE_START, "it was stopped before it was started")
		return
	}
	if err := r.beginDurably(a, p); err != nil {
		r.log.Error("a run isn't started: the journal can't be written", "run", a.RunID, "error", err)
		a.Reject(pb.RejectCode_REJECT_CODE_STORAGE, "the worker's journal can't be written: %v", err)
		return
	}
	if a.Stop.IsMade() {
		a.exit(stopped(a.Stop))
		return
	}
	a.exit(r.runWithin(a, p, p.maxTime, r.runSteps))
}

// Resume follows a command that an earlier worker process has started to its end. The attempt has ended when this returns.
func (r *Runner) Resume(a *Attempt) {
	defer r.endAfterPanic(a)
	p := &plan{spec: &pb.RunSpec{}}
	if len(a.unfinished.followUpSpec) > 0 {
		spec := &pb.RunSpec{}
		err := proto.Unmarshal(a.unfinished.followUpSpec, spec)
		if err == nil {
			p, err = newPlan(spec, r.executor.WorkDir, r.executor.Features)
		}
		if err != nil {
			r.log.Error("what is left to do of a run can't be read", "run", a.RunID, "error", err)
		}
	}
	limit := p.maxTime
	if limit > 0 {
		limit = max(limit-(hostinfo.Monotonic()-time.Duration(a.unfinished.startingAt)), minTimeLimit)
	}
	r.log.Info("taking up a run of an earlier worker process", "run", a.RunID)
	a.exit(r.runWithin(a, p, limit, func(ctx context.Context, a *Attempt, p *plan) (*pb.Exited, error) {
		return r.upload(ctx, a, p, r.executor.follow(a, a.unfinished.command))
	}))
}

// endAfterPanic is deferred: a fault of this program ends one run, and not the worker with all its runs.
func (r *Runner) endAfterPanic(a *Attempt) {
	if fault := recover(); fault != nil {
		r.log.Error("a run failed inside the worker", "run", a.RunID, "fault", fault, "stack", string(debug.Stack()))
		a.Fail("the worker failed")
	}
}

// beginDurably has the intention to start on disk when it returns.
func (r *Runner) beginDurably(a *Attempt, p *plan) error {
	followUpSpec, err := p.followUpSpec()
	if err != nil {
		return err
	}
	if err := a.begin(p.channels, r.store.Budget.segmentBytes(), followUpSpec); err != nil {
		return err
	}
	if p.isReadOnly() {
		return nil
	}
	// Nobody else writes to the journal before its process is started.
	if err := r.store.fsync.Sync(a.journal.ActiveFile()); err != nil {
		a.withdraw()
		return fmt.Errorf("making the journal durable: %w", err)
	}
	return nil
}

// endsOf are closed when a run may begin that has these attempts before it.
func (r *Runner) endsOf(predecessors []*Attempt) (ends []<-chan struct{}) {
	for _, each := range predecessors {
		ends = append(ends, each.Gone())
	}
	if r.turn != nil {
		ends = append(ends, r.turn)
	}
	return ends
}

// waitForAll waits until all channels are closed, at most for limit (0: as long as it takes); false if that wasn't enough.
func waitForAll(ends []<-chan struct{}, limit time.Duration) bool {
	var expired <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		expired = timer.C
	}
	for _, each := range ends {
		select {
		case <-each:
		case <-expired:
			return false
		}
	}
	return true
}

// runWithin does work within a time limit (0: none), and says how it ended.
func (r *Runner) runWithin(
	a *Attempt, p *plan, limit time.Duration, work func(context.Context, *Attempt, *plan) (*pb.Exited, error),
) *pb.Exited {
	a.setState(pb.RunState_RUN_STATE_RUNNING)
	if limit > 0 {
		p.deadline = time.Now().Add(limit)
		timer := time.AfterFunc(limit, func() { a.Stop.Make(contract.MaxTime, processes.Interrupt, nil) })
		defer timer.Stop()
	}
	ctx, cancel := a.Stop.Context()
	defer cancel()
	exited, err := work(ctx, a, p)
	switch {
	case err == nil:
		return exited
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return stopped(a.Stop)
	}
	r.log.Error("the journal can't be written", "run", a.RunID, "error", err)
	return &pb.Exited{Reason: pb.ExitReason_EXIT_REASON_STORAGE, Message: err.Error()}
}

func stopped(request *stopping.Request) *pb.Exited {
	return &pb.Exited{Reason: reasonOf(request.Reason())}
}

// runSteps fetches, operates and uploads; the first failure decides how the attempt ends.
func (r *Runner) runSteps(ctx context.Context, a *Attempt, p *plan) (*pb.Exited, error) {
	failure, err := r.executor.fetchFiles(ctx, p)
	if err != nil {
		return nil, err
	}
	if failure != nil {
		return fileFailed(), a.recordResult(&pb.FileResult{Error: failure})
	}
	exited, err := r.operate(ctx, a, p)
	if err != nil {
		return nil, err
	}
	return r.upload(ctx, a, p, exited)
}

// operate does the operation itself.
func (r *Runner) operate(ctx context.Context, a *Attempt, p *plan) (*pb.Exited, error) {
	switch p.spec.GetOperation().(type) {
	case nil:
		return completed(), nil
	case *pb.RunSpec_Command:
		return r.executor.runCommand(a, p), nil
	}
	results, err := r.executor.operate(ctx, p)
	if err != nil {
		return nil, err
	}
	exited := completed()
	if results[len(results)-1].GetError() != nil {
		exited = fileFailed()
	}
	return exited, a.recordResults(results)
}

// upload gives the server the files that the operation has left. A failure of that counts only if nothing has failed before.
func (r *Runner) upload(ctx context.Context, a *Attempt, p *plan, exited *pb.Exited) (*pb.Exited, error) {
	if len(p.spec.GetFilesOut()) == 0 {
		return exited, nil
	}
	results, err := r.executor.uploadFiles(ctx, a, p, hasSucceeded(exited))
	if err != nil {
		if hasSucceeded(exited) {
			return nil, err
		}
		return exited, nil
	}
	if results[len(results)-1].GetError() != nil && hasSucceeded(exited) {
		exited.Reason = pb.ExitReason_EXIT_REASON_FILE_FAILED
	}
	return exited, a.recordResults(results)
}
