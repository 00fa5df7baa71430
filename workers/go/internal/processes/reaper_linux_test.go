package processes

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// cgroupVariable has the path of a cgroup v2 directory that the tests may make cgroups in.
const cgroupVariable = "BUILDLEDGER_TEST_CGROUP"

func newLaunch(t *testing.T, script string) Launch {
	t.Helper()
	return Launch{Argv: []string{"sh", "-c", script}, Dir: t.TempDir(), Env: os.Environ(), Cookie: "mark", MergeStderr: true}
}

// outputOf runs a command to its end, and returns its output and its survivors.
func outputOf(t *testing.T, reaper *Reaper, launch Launch) (string, []Survivor) {
	t.Helper()
	p, err := reaper.Start(launch)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(p.Outputs[0])
	if _, err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	survivors := p.KillSurvivors()
	if err := unix.Kill(-p.PID, 0); err != unix.ESRCH {
		t.Errorf("its process group still has members: %v", err)
	}
	return strings.TrimSpace(string(text)), survivors
}

// A process that has left session, group, parent and environment is found and killed.
func TestDaemonsAreKilled(t *testing.T) {
	text, survivors := outputOf(t, NewReaper(""), newLaunch(t, "env -i setsid -f sleep 1000 >/dev/null 2>&1; echo done"))
	if text != "done" || len(survivors) != 1 {
		t.Errorf("%q, %v", text, survivors)
	}
}

// With a delegated cgroup directory the command and all it starts are in a cgroup of its own, which is removed afterwards.
func TestCgroupHoldsTheTree(t *testing.T) {
	parent := os.Getenv(cgroupVariable)
	if parent == "" {
		t.Skip("no cgroup was delegated: " + cgroupVariable + " would name it")
	}
	reaper := NewReaper(parent)
	if !slices.Contains(reaper.Features(), "cgroup") || reaper.Mechanism() != "cgroup_v2" {
		t.Errorf("%v, %s", reaper.Features(), reaper.Mechanism())
	}
	text, survivors := outputOf(t, reaper, newLaunch(t, "grep ^0:: /proc/self/cgroup; env -i setsid -f sleep 1000 >/dev/null 2>&1"))
	if !strings.HasSuffix(text, "/run-mark") || len(survivors) != 1 {
		t.Errorf("%q, %v", text, survivors)
	}
	if _, err := os.Stat(filepath.Join(parent, "run-mark")); err == nil {
		t.Error("the cgroup is still there")
	}
}

// A mask applies to the command and to nothing else.
func TestUmaskIsTheCommandsOwn(t *testing.T) {
	reaper := NewReaper("")
	before := unix.Umask(0o022)
	defer unix.Umask(before)
	mask := uint32(0o137)
	launch := newLaunch(t, "umask")
	launch.Umask = &mask
	if text, _ := outputOf(t, reaper, launch); text != "0137" {
		t.Errorf("%q", text)
	}
	if text, _ := outputOf(t, reaper, newLaunch(t, "umask")); text != "0022" {
		t.Errorf("then %q", text)
	}
}

// A terminal has the size that was asked for, and what is typed on it ends.
func TestTerminalHasSizeAndEnd(t *testing.T) {
	launch := newLaunch(t, "stty size; cat; tty >/dev/null && echo terminal")
	launch.Terminal, launch.Stdin = &TerminalSize{Rows: 33, Columns: 111}, []byte("typed")
	text, _ := outputOf(t, NewReaper(""), launch)
	if !strings.Contains(text, "33 111") || !strings.HasSuffix(text, "terminal") || strings.Count(text, "typed") != 2 {
		t.Errorf("%q", text)
	}
}
