package runs

import (
	"runtime"
	"slices"
	"strings"

	"buildledger/workers/go/internal/processes"
	pb "buildledger/workers/go/internal/workerv1"
)

const (
	// ownPrefix begins the variables that configure the worker. Commands don't get them, except for the cookie: they may be
	// workers, which add theirs.
	ownPrefix = "BUILDLEDGER_"
	isWindows = runtime.GOOS == "windows"
)

// environmentOf is the environment of a command: base, which is the worker's own, with what the command sets and unsets. The
// variables of secret files aren't in it yet.
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

// variables is an environment, by folded names.
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

// folded is a variable's name in the form in which the system compares names.
func folded(name string) string {
	if isWindows {
		return strings.ToUpper(name)
	}
	return name
}
