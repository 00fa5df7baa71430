package processes

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/windows"
)

const (
	stillActive = 259
	testTimeout = 60 * time.Second
	interrupted = 9
	refused     = 7
)

// TestMain lets the test program be its own helper, and the programs that the tests start.
func TestMain(m *testing.M) {
	if code, isHelper := RunHelper(os.Args[1:]); isHelper {
		os.Exit(code)
	}
	if len(os.Args) > 2 && os.Args[1] == "__child" {
		os.Exit(runChild(os.Args[2], os.Args[3:]))
	}
	os.Exit(m.Run())
}

// runChild acts as one of the programs that tests start, and returns its exit code.
func runChild(role string, arguments []string) int {
	switch role {
	case "print":
		text, _ := json.Marshal(arguments)
		fmt.Println(string(text))
	case "variable":
		fmt.Println(os.Getenv(arguments[0]))
	case "exit":
		code, _ := strconv.Atoi(arguments[0])
		return code
	case "bytes":
		size, _ := strconv.Atoi(arguments[0])
		content := make([]byte, size)
		for i := range content {
			content[i] = byte(i ^ i>>8)
		}
		_, _ = os.Stdout.Write(content)
	case "page":
		fmt.Println(consolePages())
	case "tree":
		levels, _ := strconv.Atoi(arguments[0])
		fmt.Println(os.Getpid())
		if levels > 1 {
			spawn(0, "tree", append([]string{strconv.Itoa(levels - 1)}, arguments[1:]...)...)
		}
		time.Sleep(time.Hour)
	case "leave":
		spawn(0, "tree", append([]string{"1"}, arguments...)...)
	case "leave behind":
		fmt.Println(os.Getpid())
		middle := exec.Command(os.Args[0], "__child", "leave")
		middle.Stdout = os.Stdout
		_ = middle.Run()
		time.Sleep(time.Hour)
	case "commit when told":
		_, _ = io.ReadAll(os.Stdin)
		size, _ := strconv.Atoi(arguments[0])
		if _, err := windows.VirtualAlloc(0, uintptr(size), windows.MEM_COMMIT|windows.MEM_RESERVE, windows.PAGE_READWRITE); err != nil {
			return refused
		}
	case "break away":
		if err := spawn(windows.CREATE_BREAKAWAY_FROM_JOB, "tree", "1"); err != nil {
			return refused
		}
	case "nest":
		inner, err := newJob()
		if err == nil {
			err = inner.ensureMember(windows.CurrentProcess())
		}
		if err != nil {
			fmt.Println(err)
		}
		return runChild("tree", arguments)
	case "ignoring tree":
		signal.Notify(make(chan os.Signal, 1), os.Interrupt) // Ignored, it would still end the program.
		return runChild("tree", arguments)
	case "gate":
		return gate(arguments[0])
	case "catch":
		caught := make(chan os.Signal, 1)
		signal.Notify(caught, os.Interrupt)
		fmt.Println("ready")
		<-caught
		return interrupted
	case "shield":
		if err := denyTermination(); err != nil {
			fmt.Println(err)
		}
		return runChild("tree", []string{"1"})
	case "interrupt":
		return interruptCatchingChild()
	case "detach when told":
		_, _ = io.ReadAll(os.Stdin)
		if _, err := NewReaper("").StartDetached(OwnExecutable(), []string{"__child", "tree", "1"}, os.Stdin, os.Stdout); err != nil {
			fmt.Println(err)
		}
		time.Sleep(time.Hour)
	case "hold":
		return startAndHold(newLaunch("tree", "3"))
	case "start on and on":
		return startRepeatedly(arguments[0])
	}
	return 0
}

// spawn starts a child that shares the console and standard output.
func spawn(flags uint32, role string, arguments ...string) error {
	command := exec.Command(os.Args[0], append([]string{"__child", role}, arguments...)...)
	command.Stdout = os.Stdout
	command.SysProcAttr = &syscall.SysProcAttr{CreationFlags: flags}
	err := command.Start()
	if err != nil {
		fmt.Println(err)
	}
	return err
}

// gate writes many lines, waits until a file is there, and writes as many again.
func gate(path string) int {
	for part := range 2 {
		for line := range 5_000 {
			fmt.Printf("%d.%d\n", part, line)
		}
		for part == 0 {
			if _, err := os.Stat(path); err == nil {
				break
			}
			time.Sleep(killPollInterval)
		}
	}
	return interrupted
}

// startAndHold starts a tree as a supervisor does, and passes on what it prints.
func startAndHold(launch Launch) int {
	p, err := NewReaper("").Start(launch)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	_, _ = io.Copy(os.Stdout, p.Outputs[0])
	return 0
}

// startRepeatedly starts a program and ends it, as quickly as can be, until it is killed itself.
func startRepeatedly(program string) int {
	reaper := NewReaper("")
	launch := newLaunch("tree", "1")
	launch.Argv[0] = program
	for {
		p, err := reaper.Start(launch)
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println("started")
		p.Stop(Kill)
		_, _ = p.Wait()
		p.KillSurvivors()
		closeAll(p.Outputs)
	}
}

// interruptCatchingChild returns the exit code of a program that gets Ctrl-C.
func interruptCatchingChild() int {
	p, err := NewReaper("").Start(newLaunch("catch"))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer p.KillSurvivors()
	_, _ = bufio.NewReader(p.Outputs[0]).ReadString('\n')
	p.Stop(Interrupt)
	timer := time.AfterFunc(testTimeout/2, func() { p.Stop(Kill) })
	defer timer.Stop()
	status, _ := p.Wait()
	return int(status.Code)
}

// denyTermination denies everybody the right to end this process.
func denyTermination() error {
	descriptor, err := windows.SecurityDescriptorFromString("D:(D;;0x1;;;WD)(A;;0x1ffffe;;;WD)")
	if err != nil {
		return err
	}
	list, _, err := descriptor.DACL()
	if err != nil {
		return err
	}
	return windows.SetSecurityInfo(windows.CurrentProcess(), windows.SE_KERNEL_OBJECT, windows.DACL_SECURITY_INFORMATION, nil, nil, list, nil)
}

func consolePages() (input, output uint32) {
	input, _ = windows.GetConsoleCP()
	output, _ = windows.GetConsoleOutputCP()
	return input, output
}

func newLaunch(role string, arguments ...string) Launch {
	own, _ := os.Executable()
	directory, _ := os.Getwd()
	return Launch{
		Argv: append([]string{own, "__child", role}, arguments...), Dir: directory, Env: os.Environ(), MergeStderr: true,
	}
}
