package run

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"buildledger/workers/go/internal/builddir"
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

	secretPrefix   = "buildledger-"
	defaultRows    = 24
	defaultColumns = 80
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
			started.Stop(pb.StopLevel_STOP_LEVEL_KILL)
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

func notStarted(err error) *pb.Exited {
	exited := &pb.Exited{
		Reason:       pb.ExitReason_EXIT_REASON_START_FAILED,
		StartFailure: pb.StartFailure_START_FAILURE_OTHER,
		Message:      err.Error(),
	}
	var failure *process.StartError
	var escapes *builddir.EscapesError
	switch {
	case errors.As(err, &failure):
		exited.StartFailure = failure.Failure
	case errors.As(err, &escapes):
		exited.StartFailure = pb.StartFailure_START_FAILURE_BAD_CWD
	}
	return exited
}

// launchOf makes the directories and files that a command needs; cleanUp removes those that must go again.
func (a *Attempt) launchOf(p *plan, command *pb.Command) (launch process.Launch, cleanUp func(), err error) {
	cleanUp = func() {}
	if err := p.dir.Create(); err != nil {
		return launch, cleanUp, err
	}
	directory, err := p.workingDirectory(command.GetCwd())
	if err != nil {
		return launch, cleanUp, err
	}
	argv, err := commandTexts(command)
	if err != nil {
		return launch, cleanUp, err
	}
	launch = process.Launch{
		Argv:        argv,
		Dir:         directory,
		Env:         environmentOf(command, os.Environ(), a.cookie),
		Cookie:      a.cookie,
		Stdin:       command.GetStdin(),
		MergeStderr: command.GetMergeStderr(),
		Umask:       command.Umask,
		Encoding:    command.GetEncoding(),
		IsScript:    command.GetShellScript() != nil && len(command.GetShellScript().GetInterpreter()) == 0,
	}
	if pty := command.GetPty(); pty != nil {
		launch.Terminal = &process.Size{
			Rows: uint16(orElse(pty.GetRows(), defaultRows)), Columns: uint16(orElse(pty.GetColumns(), defaultColumns)),
		}
	}
	variables, cleanUp, err := a.secretFiles(command.GetSecrets())
	launch.Env = append(launch.Env, variables...)
	return launch, cleanUp, err
}

func orElse(value, usual uint32) uint32 {
	if value == 0 {
		return usual
	}
	return value
}

// secretFiles writes the secrets that are wanted as files, in memory where the system has a place for that.
func (a *Attempt) secretFiles(secrets []*pb.Secret) (variables []string, cleanUp func(), err error) {
	directory := secretDirectory(a.shop.stateDir, a.cookie)
	cleanUp = func() {}
	for number, secret := range secrets {
		if secret.GetFileEnv() == "" {
			continue
		}
		cleanUp = func() {
			if err := os.RemoveAll(directory); err != nil {
				a.shop.Log.Error("secrets can't be removed", "run", a.RunID, "error", err)
			}
		}
		if err := os.MkdirAll(directory, 0o700); err != nil {
			return nil, cleanUp, fmt.Errorf("a place for secrets: %w", err)
		}
		path := filepath.Join(directory, fmt.Sprint(number))
		if err := os.WriteFile(path, secret.GetValue(), 0o600); err != nil {
			return nil, cleanUp, fmt.Errorf("a file for a secret: %w", err)
		}
		variables = append(variables, secret.GetFileEnv()+"="+path)
	}
	return variables, cleanUp, nil
}

// secretDirectory is where a run's secret files are, so that they can be removed after a crash too.
func secretDirectory(stateDir, cookie string) string {
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err == nil && info.IsDir() {
		return filepath.Join(memory, secretPrefix+cookie)
	}
	return filepath.Join(stateDir, secretPrefix+cookie)
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
	e.process.Stop(level)
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
