package processes

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// CTRL_BREAK, which can't be ignored like Ctrl-C, reaches a process group by its number.
func TestControlBreakReachesGroup(t *testing.T) {
	needsRealWindows(t, "Wine has no CTRL_BREAK")
	command := exec.Command(os.Args[0], "__child", "catch")
	command.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = command.Process.Kill() }()
	_, _ = bufio.NewReader(output).ReadString('\n')
	if err := windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(command.Process.Pid)); err != nil {
		t.Fatalf("%v; this needs a console: run it from a command prompt", err)
	}
	_ = command.Wait()
	if code := command.ProcessState.ExitCode(); code != interrupted {
		t.Errorf("%d", code)
	}
}

// A job's limit on memory holds for what runs in it.
func TestJobLimitsMemory(t *testing.T) {
	needsRealWindows(t, "Wine's jobs have no limits on memory")
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{JobMemoryLimit: 256 << 20}
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_JOB_MEMORY
	limited := jobWith(t, limits)
	defer limited.close()
	command := exec.Command(os.Args[0], "__child", "commit when told", strconv.Itoa(1<<30))
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	assign(t, limited, command.Process.Pid)
	input.Close()
	_ = command.Wait()
	if code := command.ProcessState.ExitCode(); code != refused {
		t.Errorf("%d", code)
	}
}

// `taskkill /T` follows parents, so it misses processes whose parent has ended; the job doesn't.
func TestTaskkillMissesOrphans(t *testing.T) {
	needsRealWindows(t, "Wine's taskkill has no /T")
	p := start(t, newLaunch("leave behind"))
	pids := pidsFrom(t, p.Outputs[0], 2)
	root := strconv.Itoa(p.PID)
	if text, err := exec.Command("taskkill", "/F", "/T", "/PID", root).CombinedOutput(); err != nil {
		t.Logf("taskkill: %v: %s", err, text)
	}
	if !isAlive(pids[1]) {
		t.Error("taskkill found the orphan")
	}
	killTree(t, p, pids)
}

// The system has pseudo consoles, on which a `pty` of the protocol could be built, and what runs on one is of the tree.
func TestPseudoConsole(t *testing.T) {
	needsRealWindows(t, "nothing arrives from a pseudo console of Wine")
	var input, output [2]windows.Handle
	for _, ends := range []*[2]windows.Handle{&input, &output} {
		if err := windows.CreatePipe(&ends[0], &ends[1], nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	var console windows.Handle
	if err := windows.CreatePseudoConsole(windows.Coord{X: 80, Y: 24}, input[0], output[1], 0, &console); err != nil {
		t.Fatal(err)
	}
	defer windows.ClosePseudoConsole(console)
	attributes, err := windows.NewProcThreadAttributeList(1)
	if err != nil {
		t.Fatal(err)
	}
	defer attributes.Delete()
	if err := attributes.Update(windows.PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE, *(*unsafe.Pointer)(unsafe.Pointer(&console)), unsafe.Sizeof(console)); err != nil {
		t.Fatal(err)
	}
	startup := &windows.StartupInfoEx{ProcThreadAttributeList: attributes.List()}
	startup.Cb = uint32(unsafe.Sizeof(*startup))
	startup.Flags = windows.STARTF_USESTDHANDLES // None: else the streams of this process would go before the console.
	own, _ := os.Executable()
	line, _ := windows.UTF16PtrFromString(windows.ComposeCommandLine([]string{own, "__child", "print", "on a terminal"}))
	var created windows.ProcessInformation
	err = windows.CreateProcess(nil, line, nil, nil, false, windows.EXTENDED_STARTUPINFO_PRESENT, nil, nil, &startup.StartupInfo, &created)
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(created.Process)
	windows.CloseHandle(created.Thread)
	found := make(chan string, 1)
	go func() {
		reader := os.NewFile(uintptr(output[0]), "console")
		seen, buffer := "", make([]byte, 4096)
		for !strings.Contains(seen, "on a terminal") {
			size, err := reader.Read(buffer)
			if err != nil {
				break
			}
			seen += string(buffer[:size])
		}
		found <- seen
	}()
	select {
	case seen := <-found:
		if !strings.Contains(seen, "on a terminal") {
			t.Errorf("%q", seen)
		}
	case <-time.After(testTimeout):
		t.Error("nothing is seen")
	}
}
