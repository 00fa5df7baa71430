package processes

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

// lookPath finds the program on the PATH of the command's own environment, relative to its directory.
func lookPath(launch Launch) (string, error) {
	program := filepath.FromSlash(launch.Argv[0])
	path := variableOf(launch.Env, "PATH")
	extensions := strings.Split(strings.ToLower(variableOf(launch.Env, "PATHEXT")), ";")
	if variableOf(launch.Env, "PATHEXT") == "" {
		extensions = []string{".com", ".exe", ".bat", ".cmd"}
	}
	directories := filepath.SplitList(path)
	if strings.ContainsAny(program, `\:`) {
		directories = []string{""}
	}
	for _, directory := range directories {
		candidate := filepath.Join(directory, program)
		if !filepath.IsAbs(candidate) {
			candidate = filepath.Join(launch.Dir, candidate)
		}
		for _, extension := range append([]string{""}, extensions...) {
			if extension == "" && filepath.Ext(candidate) == "" {
				continue // Windows runs nothing without an extension.
			}
			if info, err := os.Stat(candidate + extension); err == nil && !info.IsDir() {
				return candidate + extension, nil
			}
		}
	}
	return "", newStartError(ProgramNotFound, "there is no program %s", quoted(launch.Argv[0]))
}

// variableOf is the value of a variable, whatever the case of its name; empty if there is none.
func variableOf(environment []string, name string) string {
	for _, variable := range environment {
		if key, value, _ := strings.Cut(variable, "="); strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

// startErrorOf classifies an error of starting a program.
func startErrorOf(err error, program string) *StartError {
	switch {
	case errors.Is(err, windows.ERROR_FILE_NOT_FOUND), errors.Is(err, windows.ERROR_PATH_NOT_FOUND):
		return newStartError(ProgramNotFound, "there is no program %s", quoted(program))
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return newStartError(PermissionDenied, "%s may not be run", quoted(program))
	case errors.Is(err, windows.ERROR_BAD_EXE_FORMAT), errors.Is(err, windows.ERROR_EXE_MACHINE_TYPE_MISMATCH):
		return newStartError(NotExecutable, "%s isn't a program this machine can run", quoted(program))
	case errors.Is(err, windows.ERROR_FILENAME_EXCED_RANGE), errors.Is(err, windows.ERROR_NOT_ENOUGH_MEMORY),
		errors.Is(err, windows.ERROR_NO_SYSTEM_RESOURCES), errors.Is(err, windows.ERROR_COMMITMENT_LIMIT):
		return newStartError(Resources, "%v", err)
	}
	return newStartError(OtherFailure, "%v", err)
}
