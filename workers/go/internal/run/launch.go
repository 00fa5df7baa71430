package run

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"buildledger/workers/go/internal/builddir"
	"buildledger/workers/go/internal/process"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	secretPrefix   = "buildledger-"
	defaultRows    = 24
	defaultColumns = 80
)

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
		exited.StartFailure = failureOf(failure.Failure)
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
