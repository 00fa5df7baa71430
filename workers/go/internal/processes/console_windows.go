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

// Names under which the worker's program is its own helper.
const (
	// InterruptCommand PID sends Ctrl-C to everything on the console of a process.
	InterruptCommand = "__interrupt"
	// ConsoleCommand PAGE PROGRAM runs the command line in a variable on this console with another code page.
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

// interrupt has a helper press Ctrl-C on the console of the tree; the worker itself must never be attached to it.
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

// RunHelper does what a helper is for, if arguments say that this program is one, and returns its exit code.
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

func exitCodeOf(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "bl-worker: %v\n", err)
	return exitHelperFailed
}

func sendControlC(pid string) error {
	number, err := strconv.ParseUint(pid, 10, 32)
	if err != nil {
		return fmt.Errorf("a process id: %w", err)
	}
	// Without a console of its own this fails, which is as well.
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

// attachConsole joins the console of a process, which may just be starting and not have it yet.
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

// runOnConsole runs a command line and returns its exit code. It shares console, streams and job with the command.
func runOnConsole(page, program, line string) (uint32, error) {
	number, err := strconv.ParseUint(page, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("a code page: %w", err)
	}
	// What the console can't do the command does without.
	_ = windows.SetConsoleOutputCP(uint32(number))
	_ = windows.SetConsoleCP(uint32(number))
	// Ctrl-C is for the command; unlike ignoring it, catching it isn't inherited.
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
			return 0, fmt.Errorf("handing a stream on: %w", err)
		}
	}
	var created windows.ProcessInformation
	if err := windows.CreateProcess(appName, text, nil, nil, true, 0, nil, nil, startup, &created); err != nil {
		return 0, fmt.Errorf("starting %s: %w", program, err)
	}
	windows.CloseHandle(created.Thread)
	// The command alone keeps the pipes open.
	closeAll([]*os.File{os.Stdin, os.Stdout, os.Stderr})
	if _, err := windows.WaitForSingleObject(created.Process, windows.INFINITE); err != nil {
		return 0, err
	}
	var code uint32
	err = errors.Join(windows.GetExitCodeProcess(created.Process, &code), windows.CloseHandle(created.Process))
	return code, err
}

// enableControlC lets what this process starts hear Ctrl-C: where this process was started as the first of a group, or by somebody who
// ignores Ctrl-C, it would inherit deafness and hand it on.
func enableControlC() {
	if done, _, err := procSetConsoleCtrlHandler.Call(0, 0); done == 0 {
		slog.Warn("commands may not hear Ctrl-C", "error", err)
	}
}

// oemCodePage is what a fresh console has.
func oemCodePage() uint32 {
	page, _, _ := procGetOEMCP.Call()
	return uint32(page)
}
