package supervisor

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
)

const (
	// endOfOutput: a background child that inherited the pipes doesn't keep the command open for longer.
	endOfOutput = 5 * time.Second
	afterSweep  = time.Second
	// mostSurvivors are named; they must fit into one message of the worker.
	mostSurvivors = 300
)

// execution is the command as it runs.
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
	defer s.removeSecrets()
	c := newCapture(s)
	started, err := s.start()
	if err != nil {
		return s.notStarted(err)
	}
	e := &execution{supervisor: s, process: started, capture: c, startedAt: time.Now()}
	isOver := false
	defer func() {
		if !isOver { // A fault of this program: nothing may go on unseen.
			started.Stop(processes.Kill)
			_, _ = started.Wait()
			started.Sweep()
		}
	}()
	// The first event about the process stands before its first output.
	event := &contract.Started{
		Identity: started.Identity(), Mechanism: s.household.Mechanism(), At: float64(time.Now().UnixNano()) / float64(time.Second),
	}
	err = s.notes.add(contract.Event{Started: event})
	s.bell.ring()
	c.begin(started.Outputs)
	if err != nil {
		c.storageFailed(err)
	}
	exit := e.complete()
	isOver = true
	return exit
}

// start makes what the command needs and starts it.
func (s *supervisor) start() (*processes.Process, error) {
	variables, err := s.secretFiles()
	if err != nil {
		return nil, err
	}
	env := slices.Concat(s.launch.Env, variables)
	for _, each := range s.launch.EnvBase64 {
		env = append(env, string(each))
	}
	launch := processes.Launch{
		Argv:        s.launch.Argv,
		Dir:         s.launch.Directory,
		Env:         env,
		Cookie:      s.launch.Cookie,
		Stdin:       s.launch.Stdin,
		MergeStderr: len(s.launch.Channels) == 1,
		Umask:       s.launch.Umask,
		Encoding:    s.launch.Encoding,
		IsScript:    s.launch.IsScript,
		Scratch:     s.directory,
	}
	if size := s.launch.Terminal; size != nil {
		launch.Terminal = &processes.Size{Rows: size.Rows, Columns: size.Columns}
	}
	return s.household.Start(launch)
}

// notStarted says why there is no process.
func (s *supervisor) notStarted(err error) *contract.Exit {
	failure := processes.OtherFailure
	var known *processes.StartError
	if errors.As(err, &known) {
		failure = known.Failure
	}
	said := &contract.NotStarted{Failure: failure, Message: err.Error()}
	if err := s.notes.add(contract.Event{StartFailed: said}); err != nil {
		slog.Error("an event can't be kept", "error", err)
	}
	return &contract.Exit{
		Reason: contract.StartFailed, StartFailure: failure, Message: err.Error(),
	}
}

// complete waits for the end, or brings it about, and cleans up after it.
func (e *execution) complete() *contract.Exit {
	ended := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		e.stopWhenAsked(ended)
	}()
	if limit := e.launch.Timeouts.NoOutput.Duration(); limit > 0 {
		go e.watchForSilence(limit, ended)
	}
	if limit := e.launch.Timeouts.Max.Duration(); limit > 0 {
		timer := time.AfterFunc(limit, func() { e.stop.Make(contract.MaxTime, processes.Interrupt, nil) })
		defer timer.Stop()
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
	return e.exit(status, err, survivors)
}

// stopWhenAsked goes through the stop policy once the end is asked for; a more urgent request skips ahead.
func (e *execution) stopWhenAsked(ended <-chan struct{}) {
	select {
	case <-e.stop.Raised():
	case <-ended:
		return
	}
	for _, step := range e.policy() {
		level, grace := e.stop.Urgency()
		if known(step.Level).IsBelow(level) {
			continue
		}
		e.signal(known(step.Level))
		if grace == nil {
			grace = new(step.Grace.Duration())
		}
		timer := time.NewTimer(*grace)
		select {
		case <-e.stop.Raised():
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

// policy is how the command is ended: in the end it has to be over, whatever was asked for.
func (e *execution) policy() []contract.Step {
	policy := e.launch.StopPolicy
	if len(policy) == 0 || policy[len(policy)-1].Level != processes.Kill {
		policy = append(slices.Clone(policy), contract.Step{Level: processes.Kill})
	}
	return policy
}

func (e *execution) signal(level processes.Level) {
	stopping := &contract.Stopping{Level: level, Reason: e.stop.Reason()}
	if err := e.notes.add(contract.Event{Stopping: stopping}); err != nil {
		e.capture.storageFailed(err)
	}
	e.bell.ring()
	e.killed = level == processes.Kill
	e.process.Stop(level)
}

// watchForSilence ends the command if it has written nothing for too long.
func (e *execution) watchForSilence(limit time.Duration, ended <-chan struct{}) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case <-ended:
			return
		case <-timer.C:
		}
		silent := e.capture.silence()
		switch {
		case e.capture.isHeld():
			// It can't write, which is not its fault.
			timer.Reset(limit)
		case silent < limit:
			timer.Reset(limit - silent)
		default:
			e.stop.Make(contract.NoOutput, processes.Interrupt, nil)
			return
		}
	}
}

func (e *execution) exit(status processes.Status, err error, survivors []processes.Survivor) *contract.Exit {
	exit := &contract.Exit{
		Reason:    e.stop.Reason(),
		Message:   e.capture.trouble(),
		Survivors: survivors[:min(len(survivors), mostSurvivors)],
		Totals:    e.capture.totals(),
		RanFor:    contract.SecondsOf(time.Since(e.startedAt)),
	}
	if exit.Reason == "" {
		exit.Reason = contract.Completed
	}
	if err != nil {
		exit.Message = fmt.Sprintf("how the process ended couldn't be learnt: %v", err)
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
