package processes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// First arguments with which this program is its own helper.
const (
	// InterruptCommand PID sends Ctrl-C to all processes on the console of a process.
	InterruptCommand = "__interrupt"
	// ConsoleCommand PAGE PROGRAM sets the code page of this console, and runs the command line that lineVariable has.
	ConsoleCommand = "__console"

	lineVariable        = "BUILDLEDGER_COMMAND_LINE"
	interruptTimeout    = 5 * time.Second
	attachTimeout       = time.Second
	attachRetryInterval = 20 * time.Millisecond
	exitHelperFailed    = 125
)

var (
	kernel32                  = windows.NewLazySystemDLL("kernel32.dll")
	procAttachConsole         = kernel32.NewProc("AttachConsole")
	procFreeConsole           = kernel32.NewProc("FreeConsole")
	procSetConsoleCtrlHandler = kernel32.NewProc("SetConsoleCtrlHandler")
	procGetOEMCP              = kernel32.NewProc("GetOEMCP")
)

// interrupt has a helper send Ctrl-C on the console of the tree, to which this process itself must never be attached.
func (p *Process) interrupt() {
	own, err := os.Executable()
	if err != nil {
		slog.Error("Ctrl-C can't be sent", "error", err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), interruptTimeout)
	defer cancel()
	helper := exec.CommandContext(ctx, own, InterruptCommand, strconv.Itoa(p.PID))
	helper.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.DETACHED_PROCESS, HideWindow: true}
	if err := helper.Run(); err != nil {
		slog.Warn("Ctrl-C can't be sent", "pid", p.PID, "error", err)
	}
}

// RunHelper acts as a helper and returns its exit code, if arguments say that this program is one.
func RunHelper(arguments []string) (code int, isHelper bool) {
	switch {
	case len(arguments) == 2 && arguments[0] == InterruptCommand:
		return exitCodeOf(sendControlC(arguments[1])), true
	case len(arguments) == 3 && arguments[0] == ConsoleCommand:
		line := os.Getenv(lineVariable)
		_ = os.Unsetenv(lineVariable)
		code, err := runOnConsole(arguments[1], arguments[2], line)
		if err != nil {
			return exitCodeOf(err), true
		}
		return int(code), true
	}
	return 0, false
}

// exitCodeOf is the exit code for an error, which it prints.
func exitCodeOf(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "bl-worker: %v\n", err)
	return exitHelperFailed
}

// sendControlC sends Ctrl-C to all processes on the console of a process.
func sendControlC(pid string) error {
	number, err := strconv.ParseUint(pid, 10, 32)
	if err != nil {
		return fmt.Errorf("a process id: %w", err)
	}
	// It fails if this process has no console, which is what is wanted.
	_, _, _ = procFreeConsole.Call()
	if err := attachConsole(uint32(number)); err != nil {
		return fmt.Errorf("attaching to the console of process %d: %w", number, err)
	}
	if done, _, err := procSetConsoleCtrlHandler.Call(0, 1); done == 0 {
		return fmt.Errorf("ignoring Ctrl-C: %w", err)
	}
	if err := windows.GenerateConsoleCtrlEvent(windows.CTRL_C_EVENT, 0); err != nil {
		return fmt.Errorf("sending Ctrl-C: %w", err)
	}
	return nil
}

// attachConsole attaches to the console of a process; one that is just starting may not have it yet.
func attachConsole(pid uint32) error {
	for deadline := time.Now().Add(attachTimeout); ; time.Sleep(attachRetryInterval) {
		done, _, err := procAttachConsole.Call(uintptr(pid))
		switch {
		case done != 0:
			return nil
		case errors.Is(err, windows.ERROR_INVALID_PARAMETER), time.Now().After(deadline):
			return err // The process is gone, or has no console.
		}
	}
}

// runOnConsole runs a command line with a code page and returns its exit code. The command shares console, streams and job with
// this process.
func runOnConsole(page, program, line string) (uint32, error) {
	number, err := strconv.ParseUint(page, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("a code page: %w", err)
	}
	// If the console doesn't take the code page, the command runs without it.
	_ = windows.SetConsoleOutputCP(uint32(number))
	_ = windows.SetConsoleCP(uint32(number))
	// Ctrl-C is for the command. It is caught here rather than ignored, because the command would inherit that.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	appName, err := windows.UTF16PtrFromString(program)
	if err != nil {
		return 0, err
	}
	text, err := windows.UTF16PtrFromString(line)
	if err != nil {
		return 0, err
	}
	startup := &windows.StartupInfo{Flags: windows.STARTF_USESTDHANDLES}
	startup.Cb = uint32(unsafe.Sizeof(*startup))
	streams := []*windows.Handle{&startup.StdInput, &startup.StdOutput, &startup.StdErr}
	for i, file := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
		*streams[i] = windows.Handle(file.Fd())
		if err := windows.SetHandleInformation(*streams[i], windows.HANDLE_FLAG_INHERIT, windows.HANDLE_FLAG_INHERIT); err != nil {
			return 0, fmt.Errorf("passing on a stream: %w", err)
		}
	}
	var created windows.ProcessInformation
	if err := windows.CreateProcess(appName, text, nil, nil, true, 0, nil, nil, startup, &created); err != nil {
		return 0, fmt.Errorf("starting %s: %w", program, err)
	}
	windows.CloseHandle(created.Thread)
	// So that only the command keeps the pipes open.
	closeAll([]*os.File{os.Stdin, os.Stdout, os.Stderr})
	if _, err := windows.WaitForSingleObject(created.Process, windows.INFINITE); err != nil {
		return 0, err
	}
	var code uint32
	err = errors.Join(windows.GetExitCodeProcess(created.Process, &code), windows.CloseHandle(created.Process))
	return code, err
}

// enableControlC has the processes that this one starts receive Ctrl-C. A process that is the first of a group, or that was started
// by one which ignores Ctrl-C, ignores it too, and its children inherit that.
func enableControlC() {
	if done, _, err := procSetConsoleCtrlHandler.Call(0, 0); done == 0 {
		slog.Warn("commands may not receive Ctrl-C", "error", err)
	}
}

// oemCodePage is the code page of a new console.
func oemCodePage() uint32 {
	page, _, _ := procGetOEMCP.Call()
	return uint32(page)
}
