package runs

import (
	"cmp"
	"os"
	"time"
	"unicode/utf8"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/supervision"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	defaultRows    = 24
	defaultColumns = 80
	// minTimeLimit is what is left of a time limit that has passed; 0 would mean that there is none.
	minTimeLimit = time.Millisecond
)

// runCommand has a supervisor run the plan's command, and follows that to its end.
func (e *LocalExecutor) runCommand(a *Attempt, p *plan) *pb.Exited {
	launch, err := e.launchOf(a, p, p.spec.GetCommand())
	if err != nil {
		return notStarted(err)
	}
	share := e.budget.acquire()
	defer share.release()
	launch.SpoolBytes = share.bytes()
	command, err := supervision.Start(e.reaper, a.directory(), launch)
	if err != nil {
		return notStarted(&processes.StartError{Failure: processes.Resources, Message: err.Error()})
	}
	share.onResize(command.SetSpoolLimit)
	return e.follow(a, command)
}

// launchOf makes the build directory and says what the supervisor is to run in it.
func (e *LocalExecutor) launchOf(a *Attempt, p *plan, command *pb.Command) (*contract.Launch, error) {
	if err := p.dir.Create(); err != nil {
		return nil, err
	}
	directory, err := p.workingDirectory(command.GetCwd())
	if err != nil {
		return nil, err
	}
	argv, err := commandLine(command)
	if err != nil {
		return nil, err
	}
	standardChannels := len(p.channels) - len(command.GetWatchFiles())
	launch := &contract.Launch{
		Version:       contract.Version,
		Argv:          argv,
		IsScript:      command.GetShellScript() != nil && len(command.GetShellScript().GetInterpreter()) == 0,
		Directory:     directory,
		Root:          p.dir.Path(),
		WorkDirectory: p.dir.WorkDir(),
		Cookie:        a.cookie,
		Stdin:         command.GetStdin(),
		Umask:         command.Umask,
		Encoding:      command.GetEncoding(),
		Channels:      p.channels[:standardChannels],
		Timeouts:      contract.Timeouts{NoOutput: contract.SecondsOf(p.noOutput), Max: p.timeLeft()},
		StopPolicy:    p.stopPolicy,
		LogLimit:      command.GetLogLimit(),
		Cgroup:        e.reaper.CgroupParent(),
		OnFull:        contract.OnFullBlock,
		SegmentBytes:  a.journal.Header.SegmentBytes,
		OnWorkerDeath: e.onCrash,
		Unattended:    contract.SecondsOf(e.server.orphanLimit()),
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
		watch := contract.WatchedFile{Channel: p.channels[standardChannels+i], Path: file.GetPath(), FromStart: file.GetFromStart()}
		launch.Watch = append(launch.Watch, watch)
	}
	for _, secret := range command.GetSecrets() {
		launch.Secrets = append(launch.Secrets, contract.Secret{Value: secret.GetValue(), FileEnv: secret.GetFileEnv()})
	}
	if pty := command.GetPty(); pty != nil {
		launch.Terminal = &contract.Terminal{
			Rows: uint16(cmp.Or(pty.GetRows(), defaultRows)), Columns: uint16(cmp.Or(pty.GetColumns(), defaultColumns)),
		}
	}
	return launch, nil
}

// timeLeft is what is left of the time that the run may take; 0: there is no limit.
func (p *plan) timeLeft() contract.Seconds {
	if p.deadline.IsZero() {
		return 0
	}
	return contract.SecondsOf(max(time.Until(p.deadline), minTimeLimit))
}
