package runs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/files"
	"buildledger/workers/go/internal/files/transfers"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/runs/stopping"
	pb "buildledger/workers/go/internal/workerv1"
)

// Perform does what spec says once the attempts in before are gone; the attempt has ended when this returns.
func (a *Attempt) Perform(spec *pb.RunSpec, before []*Attempt) {
	defer a.survive()
	p, err := newPlan(spec, a.shop.WorkDir, a.shop.Features)
	if err != nil {
		var refused *refusal
		if !errors.As(err, &refused) {
			refused = &refusal{pb.RejectCode_REJECT_CODE_UNSPECIFIED, err.Error()}
		}
		a.Reject(refused.code, "%s", refused.message)
		return
	}
	if !allGone(before, p.start) {
		a.Reject(pb.RejectCode_REJECT_CODE_START_TIMEOUT, "what ran in the build directory before didn't end in time")
		return
	}
	if a.Stop.IsMade() {
		a.Reject(pb.RejectCode_REJECT_CODE_STOPPED_BEFORE_START, "it was stopped before it was started")
		return
	}
	if err := a.beginDurably(p); err != nil {
		a.shop.Log.Error("a run isn't started: the journal can't be written", "run", a.RunID, "error", err)
		a.Reject(pb.RejectCode_REJECT_CODE_STORAGE, "the worker's journal can't be written: %v", err)
		return
	}
	if a.Stop.IsMade() {
		a.exit(stopped(a.Stop))
		return
	}
	a.exit(a.operate(p, p.longest, a.steps))
}

// survive is deferred: a fault of this program must end one run, not the worker with all its runs.
func (a *Attempt) survive() {
	if fault := recover(); fault != nil {
		a.shop.Log.Error("a run failed inside the worker", "run", a.RunID, "fault", fault, "stack", string(debug.Stack()))
		a.Fail("the worker failed")
	}
}

// beginDurably has the intention to start on the disk when it returns.
func (a *Attempt) beginDurably(p *plan) error {
	afterwards, err := p.afterwards()
	if err != nil {
		return err
	}
	if err := a.begin(p.channels, a.shop.Spool.segmentBytes(), afterwards); err != nil {
		return err
	}
	if p.changesNothing() {
		return nil
	}
	// Nobody else writes to the journal before its process is started.
	if err := a.shop.syncer.Sync(a.journal.ActiveFile()); err != nil {
		a.unbegin()
		return fmt.Errorf("making the journal durable: %w", err)
	}
	return nil
}

// allGone waits for other attempts, at most for limit (0: as long as it takes).
func allGone(attempts []*Attempt, limit time.Duration) bool {
	var late <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		late = timer.C
	}
	for _, each := range attempts {
		select {
		case <-each.Gone():
		case <-late:
			return false
		}
	}
	return true
}

// operate does what work says, within a time limit (0: none); the first failure decides.
func (a *Attempt) operate(p *plan, limit time.Duration, work func(context.Context, *plan) (*pb.Exited, error)) *pb.Exited {
	a.setState(pb.RunState_RUN_STATE_RUNNING)
	if limit > 0 {
		p.until = time.Now().Add(limit)
		timer := time.AfterFunc(limit, func() { a.Stop.Make(contract.MaxTime, processes.Interrupt, nil) })
		defer timer.Stop()
	}
	ctx, cancel := a.Stop.Context()
	defer cancel()
	exited, err := work(ctx, p)
	switch {
	case err == nil:
		return exited
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return stopped(a.Stop)
	}
	a.shop.Log.Error("the journal can't be written", "run", a.RunID, "error", err)
	return &pb.Exited{Reason: pb.ExitReason_EXIT_REASON_STORAGE, Message: err.Error()}
}

func stopped(request *stopping.Request) *pb.Exited {
	return &pb.Exited{Reason: reasonOf(request.Reason())}
}

// steps fetches, operates and uploads.
func (a *Attempt) steps(ctx context.Context, p *plan) (*pb.Exited, error) {
	failure, err := a.shop.Blobs.Fetch(ctx, p.dir, p.spec)
	if err != nil {
		return nil, err
	}
	if failure != nil {
		return fileFailed(), a.recordResult(&pb.FileResult{Error: failure})
	}
	exited, err := a.operation(ctx, p)
	if err != nil {
		return nil, err
	}
	return a.upload(ctx, p, exited)
}

// upload gives the server the files that the operation has left.
func (a *Attempt) upload(ctx context.Context, p *plan, exited *pb.Exited) (*pb.Exited, error) {
	if len(p.spec.GetFilesOut()) == 0 {
		return exited, nil
	}
	source := transfers.Origin{RunID: a.RunID, Attempt: a.Key.Attempt}
	uploaded, failure, err := a.shop.Blobs.Upload(ctx, p.dir, p.spec, source, hasSucceeded(exited))
	if err != nil {
		if hasSucceeded(exited) {
			return nil, err
		}
		return exited, nil
	}
	results := files.Paged(uploaded)
	results[len(results)-1].Error = failure
	if failure != nil && hasSucceeded(exited) {
		exited.Reason = pb.ExitReason_EXIT_REASON_FILE_FAILED
	}
	return exited, a.recordResults(results)
}

func (a *Attempt) operation(ctx context.Context, p *plan) (*pb.Exited, error) {
	switch p.spec.GetOperation().(type) {
	case nil:
		return completed(), nil
	case *pb.RunSpec_Command:
		return a.runCommand(p), nil
	}
	results, err := files.Perform(ctx, p.dir, p.spec)
	if err != nil {
		return nil, err
	}
	exited := completed()
	if results[len(results)-1].GetError() != nil {
		exited = fileFailed()
	}
	return exited, a.recordResults(results)
}

func (a *Attempt) recordResults(results []*pb.FileResult) error {
	for _, result := range results {
		if err := a.recordResult(result); err != nil {
			return err
		}
	}
	return nil
}

func (a *Attempt) recordResult(result *pb.FileResult) error {
	return a.record(&pb.RunEvent{Event: &pb.RunEvent_FileResult{FileResult: result}}, 0)
}

func completed() *pb.Exited {
	return &pb.Exited{Status: &pb.Exited_Code{Code: 0}, Reason: pb.ExitReason_EXIT_REASON_COMPLETED}
}

func fileFailed() *pb.Exited {
	return &pb.Exited{Status: &pb.Exited_Code{Code: 1}, Reason: pb.ExitReason_EXIT_REASON_FILE_FAILED}
}

func hasSucceeded(exited *pb.Exited) bool {
	_, hasCode := exited.GetStatus().(*pb.Exited_Code)
	return hasCode && exited.GetCode() == 0 && exited.GetReason() == pb.ExitReason_EXIT_REASON_COMPLETED
}
