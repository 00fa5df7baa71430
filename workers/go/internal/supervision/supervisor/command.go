package supervisor

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/files/paths"
	"buildledger/workers/go/internal/processes"
)

const (
	// outputDrainTimeout is how long output is read after the end of the command, from background processes that have its pipes;
	// outputDrainAfterKill is the same after those were killed.
	outputDrainTimeout   = 5 * time.Second
	outputDrainAfterKill = time.Second
	// maxSurvivors are named; they must fit into one message of the protocol.
	maxSurvivors = 300
)

// execution is the running command.
type execution struct {
	*supervisor
	process   *processes.Process
	capture   *capture
	startedAt time.Time
	killed    bool
}

// runCommand runs the command to its end; no process of it is left then.
func (s *supervisor) runCommand() *contract.Exit {
	defer close(s.done)
	defer s.removeSecretFiles()
	c := newCapture(s)
	started, err := s.start()
	if err != nil {
		return s.notStarted(err)
	}
	e := &execution{supervisor: s, process: started, capture: c, startedAt: time.Now()}
	hasEnded := false
	defer func() {
		if !hasEnded { // A panic: no process may be left.
			started.Stop(processes.Kill)
			_, _ = started.Wait()
			started.KillSurvivors()
		}
	}()
	// The event about the start is written before any output is spooled.
	event := &contract.Started{
		Identity: started.Identity(), Mechanism: s.reaper.Mechanism(), At: float64(time.Now().UnixNano()) / float64(time.Second),
	}
	err = s.events.append(contract.Event{Started: event})
	s.notifier.notify()
	c.start(started.Outputs)
	if err != nil {
		c.storageFailed(err)
	}
	exit := e.waitForEnd()
	hasEnded = true
	return exit
}

// start writes the secret files and starts the command.
func (s *supervisor) start() (*processes.Process, error) {
	variables, err := s.writeSecretFiles()
	if err != nil {
		return nil, err
	}
	env := slices.Concat(s.launch.Env, variables)
	for _, each := range s.launch.EnvBase64 {
		env = append(env, string(each))
	}
	directory, err := s.workingDirectory()
	if err != nil {
		message := fmt.Sprintf("the working directory %q can't be entered: %v", s.launch.Directory, err)
		return nil, &processes.StartError{Failure: processes.BadDirectory, Message: message}
	}
	defer directory.Release()
	launch := processes.Launch{
		Argv:        s.launch.Argv,
		Dir:         directory.Path(),
		Env:         env,
		Cookie:      s.launch.Cookie,
		Stdin:       s.launch.Stdin,
		MergeStderr: len(s.launch.Channels) == 1,
		Umask:       s.launch.Umask,
		Encoding:    s.launch.Encoding,
		IsScript:    s.launch.IsScript,
		TempDir:     s.directory,
	}
	if size := s.launch.Terminal; size != nil {
		launch.Terminal = &processes.TerminalSize{Rows: size.Rows, Columns: size.Columns}
	}
	return s.reaper.Start(launch)
}

// workingDirectory holds the directory that the command is to run in.
func (s *supervisor) workingDirectory() (*paths.HeldDir, error) {
	if s.launch.WorkDirectory == "" {
		return paths.HoldDir(s.launch.Directory, s.launch.Directory)
	}
	return paths.HoldDir(s.launch.WorkDirectory, s.launch.Directory)
}

// notStarted writes the event that the command couldn't be started, and returns its end.
func (s *supervisor) notStarted(err error) *contract.Exit {
	failure := processes.OtherFailure
	var known *processes.StartError
	if errors.As(err, &known) {
		failure = known.Failure
	}
	event := &contract.NotStarted{Failure: failure, Message: err.Error()}
	if err := s.events.append(contract.Event{StartFailed: event}); err != nil {
		slog.Error("an event can't be written", "error", err)
	}
	return &contract.Exit{
		Reason: contract.StartFailed, StartFailure: failure, Message: err.Error(),
	}
}

// waitForEnd waits until the command ends, or ends it, and kills what it leaves.
func (e *execution) waitForEnd() *contract.Exit {
	ended := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		e.walkStopPolicy(ended)
	}()
	if limit := e.launch.Timeouts.NoOutput.Duration(); limit > 0 {
		go e.enforceNoOutput(limit, ended)
	}
	if limit := e.launch.Timeouts.Max.Duration(); limit > 0 {
		timer := time.AfterFunc(limit, func() { e.stop.Make(contract.MaxTime, processes.Interrupt, nil) })
		defer timer.Stop()
	}
	status, err := e.process.Wait()
	close(ended)
	<-stopped
	if !e.killed {
		e.capture.waitForEnd(outputDrainTimeout)
	}
	survivors := e.process.KillSurvivors()
	if len(survivors) > 0 || e.killed {
		e.capture.waitForEnd(outputDrainAfterKill)
	}
	e.capture.finish()
	return e.exit(status, err, survivors)
}

// walkStopPolicy goes through the steps of the stop policy once the command is asked to end. A more urgent request skips steps.
func (e *execution) walkStopPolicy(ended <-chan struct{}) {
	select {
	case <-e.stop.Changed():
	case <-ended:
		return
	}
	for _, step := range e.stopPolicy() {
		level, grace := e.stop.LevelAndGrace()
		if knownLevel(step.Level).IsBelow(level) {
			continue
		}
		e.signal(knownLevel(step.Level))
		if grace == nil {
			grace = new(step.Grace.Duration())
		}
		timer := time.NewTimer(*grace)
		select {
		case <-e.stop.Changed():
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

// stopPolicy are the steps by which the command is ended; the last one is always a kill.
func (e *execution) stopPolicy() []contract.StopStep {
	policy := e.launch.StopPolicy
	if len(policy) == 0 || policy[len(policy)-1].Level != processes.Kill {
		policy = append(slices.Clone(policy), contract.StopStep{Level: processes.Kill})
	}
	return policy
}

// signal writes an event, and ends the command at a level.
func (e *execution) signal(level processes.Level) {
	stopping := &contract.Stopping{Level: level, Reason: e.stop.Reason()}
	if err := e.events.append(contract.Event{Stopping: stopping}); err != nil {
		e.capture.storageFailed(err)
	}
	e.notifier.notify()
	e.killed = level == processes.Kill
	e.process.Stop(level)
}

// enforceNoOutput ends the command if it has written nothing for limit.
func (e *execution) enforceNoOutput(limit time.Duration, ended <-chan struct{}) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case <-ended:
			return
		case <-timer.C:
		}
		silent := e.capture.silentFor()
		switch {
		case e.capture.isBlocked():
			// It can't write: that doesn't count as silence.
			timer.Reset(limit)
		case silent < limit:
			timer.Reset(limit - silent)
		default:
			e.stop.Make(contract.NoOutput, processes.Interrupt, nil)
			return
		}
	}
}

// exit is how the command ended.
func (e *execution) exit(status processes.Status, err error, survivors []processes.Survivor) *contract.Exit {
	exit := &contract.Exit{
		Reason:    e.stop.Reason(),
		Message:   e.capture.failureMessage(),
		Survivors: survivors[:min(len(survivors), maxSurvivors)],
		Totals:    e.capture.totals(),
		RanFor:    contract.SecondsOf(time.Since(e.startedAt)),
	}
	if exit.Reason == "" {
		exit.Reason = contract.Completed
	}
	if err != nil {
		if exit.Reason == contract.Completed {
			exit.Reason = contract.Interrupted
		}
		exit.Message = fmt.Sprintf("how the process ended couldn't be found out: %v", err)
		return exit
	}
	exit.UserCPU, exit.SystemCPU = new(contract.SecondsOf(status.User)), new(contract.SecondsOf(status.System))
	if status.Signal != 0 {
		exit.Signal = &status.Signal
	} else {
		exit.Code = &status.Code
	}
	return exit
}
