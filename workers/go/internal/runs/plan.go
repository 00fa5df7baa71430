package runs

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/files"
	"buildledger/workers/go/internal/files/paths"
	"buildledger/workers/go/internal/processes"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	maxStdinBytes   = 128 << 10
	maxScriptBytes  = 100 << 10
	maxSecretBytes  = 64 << 10
	maxWatchedFiles = 100
)

var (
	channelName      = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	standardChannels = []string{"stdio", "stdout", "stderr"}
)

var defaultStopPolicy = []contract.StopStep{{Level: processes.Interrupt, Grace: 5}, {Level: processes.Terminate, Grace: 5}, {Level: processes.Kill}}

// plan is a RunSpec that has passed its checks. Of its times, 0 means no limit.
type plan struct {
	spec         *pb.RunSpec
	dir          paths.BuildDir
	channels     []string
	stopPolicy   []contract.StopStep
	noOutput     time.Duration
	maxTime      time.Duration
	startTimeout time.Duration
	deadline     time.Time // When maxTime has passed; zero without a limit, and before the start.
}

// specRefusedError says why a RunSpec isn't accepted.
type specRefusedError struct {
	code    pb.RejectCode
	message string
}

func (e *specRefusedError) Error() string { return e.message }

func invalid(format string, values ...any) error {
	return &specRefusedError{pb.RejectCode_REJECT_CODE_INVALID_SPEC, fmt.Sprintf(format, values...)}
}

// newPlan checks a specification as far as can be done before anything is changed. The error is a *specRefusedError.
func newPlan(spec *pb.RunSpec, workDir string, features []string) (*plan, error) {
	dir, err := paths.NewBuildDir(workDir, spec.GetBuilddir())
	if err != nil {
		return nil, &specRefusedError{pb.RejectCode_REJECT_CODE_PATH_ESCAPES, fmt.Sprintf("builddir: %v", err)}
	}
	usesBlobs := len(spec.GetFilesIn())+len(spec.GetFilesOut()) > 0
	if spec.GetOperation() == nil && !usesBlobs {
		return nil, invalid("there is nothing to do")
	}
	if usesBlobs && !slices.Contains(features, "blobs") {
		return nil, unsupported("blobs")
	}
	p := &plan{
		spec:         spec,
		dir:          dir,
		noOutput:     spec.GetTimeouts().GetNoOutput().AsDuration(),
		maxTime:      spec.GetTimeouts().GetMax().AsDuration(),
		startTimeout: spec.GetTimeouts().GetStart().AsDuration(),
	}
	if command := spec.GetCommand(); command != nil {
		if err := checkCommand(command, features); err != nil {
			return nil, err
		}
		if p.channels, err = channelsOf(command); err != nil {
			return nil, err
		}
		p.stopPolicy = stopPolicyOf(command)
	}
	return p, nil
}

// isReadOnly reports whether the plan changes no file: it may be done twice, so that its start need not be durable.
func (p *plan) isReadOnly() bool {
	return files.IsReadOnly(p.spec) && len(p.spec.GetFilesIn()) == 0
}

func unsupported(feature string) error {
	return &specRefusedError{pb.RejectCode_REJECT_CODE_UNSUPPORTED, "this worker doesn't offer " + feature}
}

func checkCommand(command *pb.Command, features []string) error {
	texts, err := commandLine(command)
	if err != nil {
		return err
	}
	names := []string{}
	for name, value := range command.GetEnv() {
		texts, names = append(texts, name, value), append(names, name)
	}
	for _, secret := range command.GetSecrets() {
		if len(secret.GetValue()) > maxSecretBytes {
			return invalid("a secret is longer than %d bytes", maxSecretBytes)
		}
		if secret.GetEnv() != "" && slices.Contains(secret.GetValue(), 0) {
			return invalid("a secret that goes into the environment holds NUL")
		}
		for _, name := range []string{secret.GetEnv(), secret.GetFileEnv()} {
			if name != "" {
				names = append(names, name)
			}
		}
	}
	if slices.ContainsFunc(texts, func(text string) bool { return strings.ContainsRune(text, 0) }) {
		return invalid("a command line or environment can't hold NUL")
	}
	if slices.ContainsFunc(names, func(name string) bool { return name == "" || strings.ContainsRune(name, '=') }) {
		return invalid("a variable's name is empty or holds '='")
	}
	if len(command.GetStdin()) > maxStdinBytes {
		return invalid("standard input is longer than %d bytes", maxStdinBytes)
	}
	if command.GetPty() != nil && !slices.Contains(features, "pty") {
		return unsupported("pty")
	}
	if command.Umask != nil && !slices.Contains(features, "umask") {
		return unsupported("umask")
	}
	return nil
}

// commandLine is the program and its arguments; those of the shell for a script.
func commandLine(command *pb.Command) ([]string, error) {
	var texts []string
	switch program := command.GetProgram().(type) {
	case *pb.Command_Argv:
		texts = slices.Clone(program.Argv.GetArgs())
	case *pb.Command_ShellScript:
		if len(program.ShellScript.GetText()) > maxScriptBytes {
			return nil, invalid("the script is longer than %d bytes", maxScriptBytes)
		}
		texts = append(slices.Clone(program.ShellScript.GetInterpreter()), program.ShellScript.GetText())
		if len(texts) == 1 {
			texts = append(slices.Clone(defaultShell), texts...)
		}
	default:
		return nil, invalid("there is neither argv nor script")
	}
	if len(texts) == 0 || texts[0] == "" {
		return nil, invalid("there is no program")
	}
	return texts, nil
}

func channelsOf(command *pb.Command) ([]string, error) {
	channels := []string{"stdout", "stderr"}
	if command.GetMergeStderr() || command.GetPty() != nil {
		channels = []string{"stdio"}
	}
	for _, file := range command.GetWatchFiles() {
		name := file.GetChannel()
		if slices.Contains(standardChannels, name) || !channelName.MatchString(name) {
			return nil, invalid("%q can't be the name of a watched file's channel", name)
		}
		if slices.Contains(channels, name) || len(command.GetWatchFiles()) > maxWatchedFiles {
			return nil, invalid("watched files need different channels, at most %d", maxWatchedFiles)
		}
		channels = append(channels, name)
	}
	return channels, nil
}

func stopPolicyOf(command *pb.Command) []contract.StopStep {
	if len(command.GetStopPolicy()) == 0 {
		return defaultStopPolicy
	}
	var policy []contract.StopStep
	for _, step := range command.GetStopPolicy() {
		policy = append(policy, contract.StopStep{Level: LevelOf(step.GetLevel()), Grace: contract.SecondsOf(step.GetGrace().AsDuration())})
	}
	return policy
}

// followUpSpec is what is left to do when the command has ended, as a serialised RunSpec; empty if there is nothing. It holds no
// secret: a later worker process uploads with the worker's own credential.
func (p *plan) followUpSpec() ([]byte, error) {
	if len(p.spec.GetFilesOut()) == 0 {
		return nil, nil
	}
	return proto.Marshal(&pb.RunSpec{
		Builddir: p.spec.GetBuilddir(), FilesOut: p.spec.GetFilesOut(), Timeouts: &pb.Timeouts{Max: p.spec.GetTimeouts().GetMax()},
	})
}

// workingDirectory is the absolute path of the directory that a command runs in.
func (p *plan) workingDirectory(cwd string) (string, error) {
	relative, err := p.dir.ResolveLinks([]byte(cwd))
	if err != nil {
		return "", err
	}
	return filepath.Join(p.dir.Path(), relative), nil
}
