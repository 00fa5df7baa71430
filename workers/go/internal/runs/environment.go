package runs

import (
	"runtime"
	"slices"
	"strings"

	"buildledger/workers/go/internal/processes"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	// What configures the worker is none of the build's business; the mark is handed on for workers inside of runs.
	ownPrefix = "BUILDLEDGER_"
	isWindows = runtime.GOOS == "windows"
)

// environmentOf is the variables a command runs with, those of secret files excepted, over those of the worker.
func environmentOf(command *pb.Command, base []string, cookie string) []string {
	outer := ""
	env := variables{}
	for _, variable := range base {
		name, value, _ := strings.Cut(variable, "=")
		if name == "" {
			continue // Windows keeps the current directory of each drive there.
		}
		if name == processes.CookieVariable {
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
	env.set(processes.CookieVariable, outer+cookie)
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
