package run

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"buildledger/workers/go/internal/journal"
	"buildledger/workers/go/internal/process"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	// endOfOutput: a background child that inherited the pipes doesn't keep the run open for longer.
	endOfOutput = 5 * time.Second
	afterSweep  = time.Second
	// mostSurvivors are named; the event must fit into a message.
	mostSurvivors = 300
)

// execution is a command that runs.
type execution struct {
	attempt   *Attempt
	plan      *plan
	process   *process.Process
	capture   *capture
	startedAt time.Time
	killed    bool
}

// runCommand runs the plan's command to its end and returns what is to be said about it; no process of it is left then.
func (a *Attempt) runCommand(p *plan) *pb.Exited {
	command := p.spec.GetCommand()
	launch, cleanUp, err := a.launchOf(p, command)
	defer cleanUp()
	if err != nil {
		return notStarted(err)
	}
	started, err := a.shop.household.Start(launch)
	if err != nil {
		return notStarted(err)
	}
	e := &execution{attempt: a, plan: p, process: started, startedAt: time.Now()}
	isOver := false
	defer func() {
		if !isOver { // A fault of this program: nothing may go on unseen.
			started.Stop(process.Kill)
			_, _ = started.Wait()
			started.Sweep()
		}
	}()
	// The first event about the process stands before its first output.
	err = e.noteStart()
	e.capture = newCapture(a, p, started.Outputs)
	if err != nil {
		e.capture.storageFailed(err)
	}
	exited := e.complete()
	isOver = true
	return exited
}

func (e *execution) noteStart() error {
	record, err := journal.ProcessRecord(e.process.Identity())
	if err != nil {
		return err
	}
	started := &pb.Started{Pid: uint32(e.process.PID), Mechanism: e.attempt.shop.household.Mechanism()}
	return e.attempt.record(&pb.RunEvent{Event: &pb.RunEvent_Started{Started: started}}, record)
}

// complete waits for the end, or brings it about, and cleans up after it.
func (e *execution) complete() *pb.Exited {
	ended := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		e.stopWhenAsked(ended)
	}()
	if e.plan.noOutput > 0 {
		go e.watchForSilence(ended)
	}
	status, err := e.process.Wait()
	close(ended)
	<-stopped
	if !e.killed {
		e.capture.waitForEnd(endOfOutput)
	}
	survivors := e.process.Sweep()
	if len(survivors) > 0 || e.killed {
		e.capture.waitForEnd(afterSweep)
	}
	e.capture.finish()
	return e.exited(status, err, survivors)
}

// stopWhenAsked goes through the stop policy once the end is asked for; a more urgent request skips ahead.
func (e *execution) stopWhenAsked(ended <-chan struct{}) {
	stop := e.attempt.Stop
	select {
	case <-stop.raised:
	case <-ended:
		return
	}
	for _, step := range e.plan.stopPolicy {
		level, grace := stop.urgency()
		if step.level < level {
			continue
		}
		e.signal(step.level)
		if grace == nil {
			grace = &step.grace
		}
		timer := time.NewTimer(*grace)
		select {
		case <-stop.raised:
		case <-timer.C:
		case <-ended:
		}
		timer.Stop()
		select {
		case <-ended:
			return
		default:
		}
	}
}

func (e *execution) signal(level pb.StopLevel) {
	e.attempt.setState(pb.RunState_RUN_STATE_STOPPING)
	stopping := &pb.Stopping{Level: level, Reason: e.attempt.Stop.Reason()}
	if err := e.attempt.record(&pb.RunEvent{Event: &pb.RunEvent_Stopping{Stopping: stopping}}); err != nil {
		e.capture.storageFailed(err)
	}
	e.killed = level == pb.StopLevel_STOP_LEVEL_KILL
	e.process.Stop(wordOfLevel(level))
}

// watchForSilence ends the run if it has written nothing for too long.
func (e *execution) watchForSilence(ended <-chan struct{}) {
	timer := time.NewTimer(e.plan.noOutput)
	defer timer.Stop()
	for {
		select {
		case <-ended:
			return
		case <-timer.C:
		}
		silent := time.Since(e.capture.lastOutput())
		switch {
		case e.capture.isHeld():
			// It can't write, which is not its fault.
			timer.Reset(e.plan.noOutput)
		case silent < e.plan.noOutput:
			timer.Reset(e.plan.noOutput - silent)
		default:
			e.attempt.Stop.Make(pb.ExitReason_EXIT_REASON_NO_OUTPUT, pb.StopLevel_STOP_LEVEL_INTERRUPT, nil)
			return
		}
	}
}

func (e *execution) exited(status process.Status, err error, survivors []process.Survivor) *pb.Exited {
	exited := &pb.Exited{
		Reason:       e.attempt.Stop.Reason(),
		Message:      e.capture.trouble(),
		OutputTotals: e.capture.totals(),
		RanFor:       durationpb.New(time.Since(e.startedAt)),
	}
	exited.SurvivorsKilled = survivorsOf(survivors)
	if exited.Reason == pb.ExitReason_EXIT_REASON_UNSPECIFIED {
		exited.Reason = pb.ExitReason_EXIT_REASON_COMPLETED
	}
	if err != nil {
		exited.Message = fmt.Sprintf("how the process ended couldn't be learnt: %v", err)
		return exited
	}
	exited.UserCpu, exited.SystemCpu = durationpb.New(status.User), durationpb.New(status.System)
	if status.Signal != 0 {
		exited.Status = &pb.Exited_Signal{Signal: status.Signal}
	} else {
		exited.Status = &pb.Exited_Code{Code: status.Code}
	}
	return exited
}

func survivorsOf(survivors []process.Survivor) []*pb.Survivor {
	var named []*pb.Survivor
	for _, each := range survivors[:min(len(survivors), mostSurvivors)] {
		named = append(named, &pb.Survivor{Pid: uint32(each.PID), Name: each.Name})
	}
	return named
}
