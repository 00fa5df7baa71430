package processes

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/windows"
)

// Ctrl-C reaches the tree, and not the worker.
func TestControlCReachesTheTree(t *testing.T) {
	p := start(t, newLaunch("catch"))
	if line, err := bufio.NewReader(p.Outputs[0]).ReadString('\n'); err != nil || strings.TrimSpace(line) != "ready" {
		t.Fatalf("%q, %v", line, err)
	}
	p.Stop(Interrupt)
	status, err := p.Wait()
	p.KillSurvivors()
	if status.Code != interrupted || err != nil {
		t.Errorf("%d, %v", status.Code, err)
	}
}

// A worker that was started so that it ignores Ctrl-C, as services and supervisors are, starts commands that don't.
func TestControlCFromProcessGroup(t *testing.T) {
	worker := exec.Command(os.Args[0], "__child", "interrupt")
	worker.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
	text, _ := worker.CombinedOutput()
	if code := worker.ProcessState.ExitCode(); code != interrupted {
		t.Errorf("%d, %s", code, text)
	}
}

// A command runs on a console with code page 65001, whatever the machine's is, or with the page it asks for.
func TestCodePage(t *testing.T) {
	for encoding, want := range map[string]string{"": "65001 65001", "windows-1252": "1252 1252"} {
		launch := newLaunch("page")
		launch.Encoding = encoding
		if got := outputOf(t, launch); got != want {
			t.Errorf("%q: %s instead of %s", encoding, got, want)
		}
	}
}

// What cmd.exe itself writes is UTF-8.
func TestShellWritesUTF8(t *testing.T) {
	launch := newLaunch("")
	launch.Argv, launch.IsScript = []string{"cmd.exe", "/d", "/s", "/c", "echo grüße 日本"}, true
	if got := outputOf(t, launch); got != "grüße 日本" {
		t.Errorf("%q", got)
	}
}
