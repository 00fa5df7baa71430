package processes

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// lookPath finds the program on the PATH of the command's own environment. A file that can't be executed is returned if there is no
// other; starting it fails with the reason.
func lookPath(launch Launch) (string, error) {
	program := launch.Argv[0]
	if strings.Contains(program, "/") {
		return program, nil
	}
	path := ""
	for _, variable := range launch.Env {
		if value, isPath := strings.CutPrefix(variable, "PATH="); isPath {
			path = value
		}
	}
	found := ""
	for _, directory := range filepath.SplitList(path) {
		candidate := filepath.Join(launch.Dir, directory, program)
		if filepath.IsAbs(directory) {
			candidate = filepath.Join(directory, program)
		}
		info, err := os.Stat(candidate)
		if err != nil || info.IsDir() {
			continue
		}
		if unix.Access(candidate, unix.X_OK) == nil {
			return candidate, nil
		}
		found = candidate
	}
	if found == "" {
		return "", newStartError(ProgramNotFound, "there is no program %q", program)
	}
	return found, nil
}

// startErrorOf classifies an error of starting a program.
func startErrorOf(err error, program string) *StartError {
	var number syscall.Errno
	errors.As(err, &number)
	switch number {
	case syscall.ENOENT, syscall.ENOTDIR:
		return newStartError(ProgramNotFound, "there is no program %q, or no interpreter for it", program)
	case syscall.ENOEXEC:
		return newStartError(NotExecutable, "%q isn't a program this machine can run", program)
	case syscall.E2BIG, syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE:
		return newStartError(Resources, "%v", number)
	}
	if errors.Is(err, fs.ErrPermission) {
		return newStartError(PermissionDenied, "%q may not be run", program)
	}
	return newStartError(OtherFailure, "%v", err)
}
