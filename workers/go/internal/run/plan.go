package run

import (
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"buildledger/workers/go/internal/builddir"
	"buildledger/workers/go/internal/fileops"
	"buildledger/workers/go/internal/process"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	longestStdin  = 128 << 10
	longestScript = 100 << 10
	longestSecret = 64 << 10
	mostWatched   = 100
	// What configures the worker is none of the build's business; the mark is handed on for workers inside of runs.
	ownPrefix = "BUILDLEDGER_"
	isWindows = runtime.GOOS == "windows"
)

var (
	channelName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	ownChannels = []string{"stdio", "stdout", "stderr"}
)

// stopStep is one step of ending a run.
type stopStep struct {
	level pb.StopLevel
	grace time.Duration
}

var defaultStopPolicy = []stopStep{
	{pb.StopLevel_STOP_LEVEL_INTERRUPT, 5 * time.Second},
	{pb.StopLevel_STOP_LEVEL_TERMINATE, 5 * time.Second},
	{pb.StopLevel_STOP_LEVEL_KILL, 0},
}

// plan is a RunSpec that was found sound. Of its times, 0 means no limit.
type plan struct {
	spec                     *pb.RunSpec
	dir                      builddir.Dir
	channels                 []string
	stopPolicy               []stopStep // Ends with KILL.
	noOutput, longest, start time.Duration
}

// refusal is a RunSpec that can't be done.
type refusal struct {
	code    pb.RejectCode
	message string
}

func (r *refusal) Error() string { return r.message }

func invalid(format string, values ...any) error {
	return &refusal{pb.RejectCode_REJECT_CODE_INVALID_SPEC, fmt.Sprintf(format, values...)}
}

// newPlan checks a specification as far as can be done before anything is changed. The error is a *refusal.
func newPlan(spec *pb.RunSpec, workDir string, features []string) (*plan, error) {
	dir, err := builddir.Resolve(workDir, spec.GetBuilddir())
	if err != nil {
		return nil, &refusal{pb.RejectCode_REJECT_CODE_PATH_ESCAPES, fmt.Sprintf("builddir: %v", err)}
	}
	usesBlobs := len(spec.GetFilesIn())+len(spec.GetFilesOut()) > 0
	if spec.GetOperation() == nil && !usesBlobs {
		return nil, invalid("there is nothing to do")
	}
	if usesBlobs && !slices.Contains(features, "blobs") {
		return nil, unsupported("blobs")
	}
	p := &plan{
		spec:     spec,
		dir:      dir,
		noOutput: spec.GetTimeouts().GetNoOutput().AsDuration(),
		longest:  spec.GetTimeouts().GetMax().AsDuration(),
		start:    spec.GetTimeouts().GetStart().AsDuration(),
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

// changesNothing tells whether doing it twice would be harmless, so that its start need not be durable.
func (p *plan) changesNothing() bool {
	return fileops.ChangesNothing(p.spec) && len(p.spec.GetFilesIn()) == 0
}

func unsupported(feature string) error {
	return &refusal{pb.RejectCode_REJECT_CODE_UNSUPPORTED, "this worker doesn't offer " + feature}
}

func checkCommand(command *pb.Command, features []string) error {
	texts, err := commandTexts(command)
	if err != nil {
		return err
	}
	names := []string{}
	for name, value := range command.GetEnv() {
		texts, names = append(texts, name, value), append(names, name)
	}
	for _, secret := range command.GetSecrets() {
		if len(secret.GetValue()) > longestSecret {
			return invalid("a secret is longer than %d bytes", longestSecret)
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
	if len(command.GetStdin()) > longestStdin {
		return invalid("standard input is longer than %d bytes", longestStdin)
	}
	if command.GetPty() != nil && !slices.Contains(features, "pty") {
		return unsupported("pty")
	}
	return nil
}

// commandTexts are the words of the command line.
func commandTexts(command *pb.Command) ([]string, error) {
	var texts []string
	switch program := command.GetProgram().(type) {
	case *pb.Command_Argv:
		texts = slices.Clone(program.Argv.GetArgs())
	case *pb.Command_ShellScript:
		if len(program.ShellScript.GetText()) > longestScript {
			return nil, invalid("the script is longer than %d bytes", longestScript)
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
		if slices.Contains(ownChannels, name) || !channelName.MatchString(name) {
			return nil, invalid("%q can't be the name of a watched file's channel", name)
		}
		if slices.Contains(channels, name) || len(command.GetWatchFiles()) > mostWatched {
			return nil, invalid("watched files need different channels, at most %d", mostWatched)
		}
		channels = append(channels, name)
	}
	return channels, nil
}

func stopPolicyOf(command *pb.Command) []stopStep {
	if len(command.GetStopPolicy()) == 0 {
		return defaultStopPolicy
	}
	var policy []stopStep
	for _, step := range command.GetStopPolicy() {
		policy = append(policy, stopStep{KnownLevel(step.GetLevel()), step.GetGrace().AsDuration()})
	}
	if policy[len(policy)-1].level != pb.StopLevel_STOP_LEVEL_KILL {
		// Whatever was asked for, in the end it has to be over.
		policy = append(policy, stopStep{pb.StopLevel_STOP_LEVEL_KILL, 0})
	}
	return policy
}

// KnownLevel is the level itself, or INTERRUPT for one that is unspecified or that this worker doesn't know.
func KnownLevel(level pb.StopLevel) pb.StopLevel {
	switch level {
	case pb.StopLevel_STOP_LEVEL_TERMINATE, pb.StopLevel_STOP_LEVEL_KILL:
		return level
	}
	return pb.StopLevel_STOP_LEVEL_INTERRUPT
}

// environmentOf is the variables a command runs with, those of secret files excepted, over those of the worker.
func environmentOf(command *pb.Command, base []string, cookie string) []string {
	outer := ""
	env := variables{}
	for _, variable := range base {
		name, value, _ := strings.Cut(variable, "=")
		if name == "" {
			continue // Windows keeps the current directory of each drive there.
		}
		if name == process.CookieVariable {
			outer = value + ":"
		}
		if !strings.HasPrefix(name, ownPrefix) && !isUnset(name, command.GetUnsetEnv()) {
			env.set(name, value)
		}
	}
	for name, value := range command.GetEnv() {
		env.set(name, value)
	}
	if pty := command.GetPty(); pty != nil {
		env.set("TERM", "xterm-256color")
		if pty.GetTerm() != "" {
			env.set("TERM", pty.GetTerm())
		}
	}
	for _, secret := range command.GetSecrets() {
		if secret.GetEnv() != "" {
			env.set(secret.GetEnv(), string(secret.GetValue()))
		}
	}
	env.set(process.CookieVariable, outer+cookie)
	return env.list()
}

func isUnset(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		name, pattern := folded(name), folded(pattern)
		prefix, isOpen := strings.CutSuffix(pattern, "*")
		return name == pattern || isOpen && strings.HasPrefix(name, prefix)
	})
}

// variables are an environment, by names as the system compares them.
type variables map[string][2]string

func (v variables) set(name, value string) { v[folded(name)] = [2]string{name, value} }

func (v variables) list() []string {
	list := make([]string, 0, len(v))
	for _, each := range v {
		list = append(list, each[0]+"="+each[1])
	}
	slices.Sort(list)
	return list
}

// folded is a variable's name as the system compares it.
func folded(name string) string {
	if isWindows {
		return strings.ToUpper(name)
	}
	return name
}

// workingDirectory is where a command runs.
func (p *plan) workingDirectory(cwd string) (string, error) {
	relative, err := p.dir.Followed([]byte(cwd))
	if err != nil {
		return "", err
	}
	return filepath.Join(p.dir.Path(), relative), nil
}
