package runs

import (
	"errors"
	"os"
	"time"
	"unicode/utf8"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/files/paths"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/supervision"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	defaultRows    = 24
	defaultColumns = 80
	// shortestRest is what is left of a time limit that has passed; 0 would mean none.
	shortestRest = time.Millisecond
)

// runCommand has a supervisor run the plan's command, and follows it to its end.
func (a *Attempt) runCommand(p *plan) *pb.Exited {
	launch, err := a.launchOf(p, p.spec.GetCommand())
	if err != nil {
		return notStarted(err)
	}
	share := a.shop.Spool.join()
	defer share.leave()
	launch.SpoolBytes = share.bytes()
	command, err := supervision.Start(a.shop.household, a.directory(), launch)
	if err != nil {
		return notStarted(&processes.StartError{Failure: processes.Resources, Message: err.Error()})
	}
	share.tell(command.SetSpoolLimit)
	return a.followed(command)
}

func notStarted(err error) *pb.Exited {
	exited := &pb.Exited{
		Reason:       pb.ExitReason_EXIT_REASON_START_FAILED,
		StartFailure: pb.StartFailure_START_FAILURE_OTHER,
		Message:      err.Error(),
	}
	var failure *processes.StartError
	var escapes *paths.EscapesError
	switch {
	case errors.As(err, &failure):
		exited.StartFailure = failureOf(failure.Failure)
	case errors.As(err, &escapes):
		exited.StartFailure = pb.StartFailure_START_FAILURE_BAD_CWD
	}
	return exited
}

// launchOf makes the build directory and says what the supervisor is to run in it.
func (a *Attempt) launchOf(p *plan, command *pb.Command) (*contract.Launch, error) {
	if err := p.dir.Create(); err != nil {
		return nil, err
	}
	directory, err := p.workingDirectory(command.GetCwd())
	if err != nil {
		return nil, err
	}
	argv, err := commandTexts(command)
	if err != nil {
		return nil, err
	}
	own := len(p.channels) - len(command.GetWatchFiles())
	launch := &contract.Launch{
		Version:       contract.Version,
		Argv:          argv,
		IsScript:      command.GetShellScript() != nil && len(command.GetShellScript().GetInterpreter()) == 0,
		Directory:     directory,
		Root:          p.dir.Path(),
		Cookie:        a.cookie,
		Stdin:         command.GetStdin(),
		Umask:         command.Umask,
		Encoding:      command.GetEncoding(),
		Channels:      p.channels[:own],
		Timeouts:      contract.Timeouts{NoOutput: contract.SecondsOf(p.noOutput), Max: p.rest()},
		StopPolicy:    p.stopPolicy,
		LogLimit:      command.GetLogLimit(),
		Cgroup:        a.shop.household.CgroupParent(),
		OnFull:        contract.OnFullBlock,
		SegmentBytes:  a.journal.Header.SegmentBytes,
		OnWorkerDeath: a.shop.onCrash,
		Unattended:    contract.SecondsOf(a.shop.OrphanTTL()),
	}
	if command.GetOutputPolicy() == pb.OutputPolicy_OUTPUT_POLICY_GAP {
		launch.OnFull = contract.OnFullGap
	}
	for _, variable := range environmentOf(command, os.Environ(), a.cookie) {
		if utf8.ValidString(variable) {
			launch.Env = append(launch.Env, variable)
		} else {
			launch.EnvBase64 = append(launch.EnvBase64, []byte(variable))
		}
	}
	for i, file := range command.GetWatchFiles() {
		watch := contract.WatchedFile{Channel: p.channels[own+i], Path: file.GetPath(), FromStart: file.GetFromStart()}
		launch.Watch = append(launch.Watch, watch)
	}
	for _, secret := range command.GetSecrets() {
		launch.Secrets = append(launch.Secrets, contract.Secret{Value: secret.GetValue(), FileEnv: secret.GetFileEnv()})
	}
	if pty := command.GetPty(); pty != nil {
		launch.Terminal = &contract.Terminal{
			Rows: uint16(orElse(pty.GetRows(), defaultRows)), Columns: uint16(orElse(pty.GetColumns(), defaultColumns)),
		}
	}
	return launch, nil
}

// rest is what is left of the time that the run may take.
func (p *plan) rest() contract.Seconds {
	if p.until.IsZero() {
		return 0
	}
	return contract.SecondsOf(max(time.Until(p.until), shortestRest))
}

func orElse(value, usual uint32) uint32 {
	if value == 0 {
		return usual
	}
	return value
}
