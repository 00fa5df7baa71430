package main

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"buildledger/workers/go/internal/worker"
)

func parseLine(line string, env map[string]string) (worker.Settings, error) {
	return parseArguments(strings.Fields(line), func(name string) string { return env[name] }, io.Discard)
}

// A command line becomes settings, with defaults for what it leaves out.
func TestSettingsAreRead(t *testing.T) {
	settings, err := parseLine("--server h:1 --name n --state s --label a=b=c --label d= --capacity 3", map[string]string{tokenVariable: "t"})
	if err != nil {
		t.Fatal(err)
	}
	if settings.Labels["a"] != "b=c" || settings.Labels["d"] != "" || settings.Capacity != 3 || settings.Token != "t" {
		t.Errorf("%+v", settings)
	}
	if !filepath.IsAbs(settings.StateDir) || settings.WorkDir != filepath.Join(settings.StateDir, "work") {
		t.Errorf("%q, %q", settings.StateDir, settings.WorkDir)
	}
}

// The error of a wrong command line says what is wrong.
func TestMistakesAreReported(t *testing.T) {
	for line, want := range map[string]string{
		"":                      "is missing",
		"--server h:1 --name n": "--state is missing",
		"--server h:1 --nam n":  "-nam",
		"--label x":             "KEY=VALUE",
		"--capacity 0 --server h:1 --name n --state s":    "--capacity",
		"--server h --name n --state s":                   "HOST:PORT",
		"--server h:1 --name n --state s surplus":         "surplus",
		"--server h:1 --name n --state s --spool-bytes 1": "--spool-bytes",
		"--server h:1 --name n --state s --on-crash burn": "neither continue nor kill",
	} {
		if _, err := parseLine(line, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// Help and version are written to the output.
func TestHelpAndVersionAreShown(t *testing.T) {
	for _, question := range []string{"--help", "-h", "--version"} {
		var out strings.Builder
		_, err := parseArguments([]string{question}, func(string) string { return "" }, &out)
		if !errors.Is(err, errHelpShown) || !strings.Contains(out.String(), "bl-worker") {
			t.Errorf("%s: %v, %q", question, err, out.String())
		}
	}
}
