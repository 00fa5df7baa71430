package process

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"buildledger/workers/go/internal/scratch"
)

const (
	stillActive = 259
	patience    = 20 * time.Second
	interrupted = 9
)

// TestMain lets the test program be its own helper, and the programs that the tests start.
func TestMain(m *testing.M) {
	if code, isHelper := RunHelper(os.Args[1:]); isHelper {
		os.Exit(code)
	}
	if len(os.Args) > 2 && os.Args[1] == "__child" {
		os.Exit(child(os.Args[2], os.Args[3:]))
	}
	os.Exit(m.Run())
}

// child is a program that a test starts.
func child(role string, arguments []string) int {
	switch role {
	case "print":
		text, _ := json.Marshal(arguments)
		fmt.Println(string(text))
	case "variable":
		fmt.Println(os.Getenv(arguments[0]))
	case "tree":
		levels, _ := strconv.Atoi(arguments[0])
		fmt.Println(os.Getpid())
		if levels > 1 {
			spawn("tree", strconv.Itoa(levels-1))
		}
		time.Sleep(time.Hour)
	case "leave":
		spawn("tree", "1")
	case "catch":
		caught := make(chan os.Signal, 1)
		signal.Notify(caught, os.Interrupt)
		fmt.Println("ready")
		<-caught
		return interrupted
	case "hold":
		p, err := NewHousehold("").Start(launching("tree", "3"))
		if err != nil {
			fmt.Println(err)
			return 1
		}
		_, _ = io.Copy(os.Stdout, p.Outputs[0])
	}
	return 0
}

func spawn(role string, arguments ...string) {
	command := exec.Command(os.Args[0], append([]string{"__child", role}, arguments...)...)
	command.Stdout = os.Stdout
	if err := command.Start(); err != nil {
		fmt.Println(err)
	}
}

func launching(role string, arguments ...string) Launch {
	own, _ := os.Executable()
	directory, _ := os.Getwd()
	return Launch{
		Argv: append([]string{own, "__child", role}, arguments...), Dir: directory, Env: os.Environ(), MergeStderr: true,
	}
}

func start(t *testing.T, launch Launch) *Process {
	t.Helper()
	p, err := NewHousehold("").Start(launch)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// outputOf runs a command to its end.
func outputOf(t *testing.T, launch Launch) string {
	t.Helper()
	p := start(t, launch)
	text, err := io.ReadAll(p.Outputs[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	p.Sweep()
	return strings.TrimSpace(string(text))
}

// pidsFrom reads process ids, one to a line.
func pidsFrom(t *testing.T, output io.Reader, count int) []uint32 {
	t.Helper()
	lines := bufio.NewScanner(output)
	var pids []uint32
	for len(pids) < count && lines.Scan() {
		pid, err := strconv.ParseUint(strings.TrimSpace(lines.Text()), 10, 32)
		if err != nil {
			t.Fatal(lines.Text())
		}
		pids = append(pids, uint32(pid))
	}
	if len(pids) < count {
		t.Fatalf("only %v", pids)
	}
	return pids
}

func isAlive(pid uint32) bool {
	handle, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return false
	}
	defer windows.CloseHandle(handle)
	var code uint32
	return windows.GetExitCodeProcess(handle, &code) == nil && code == stillActive
}

func allGone(t *testing.T, pids []uint32) {
	t.Helper()
	for deadline := time.Now().Add(patience); slices.ContainsFunc(pids, isAlive); time.Sleep(sweepPause) {
		if time.Now().After(deadline) {
			t.Fatalf("of %v some are alive", pids)
		}
	}
}

// isWine: not everything is like the real thing there.
var isWine = windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil

var awkward = []string{
	"", " ", "two words", `a"b`, `\"`, `back\`, `back\\ slash\\`, "%PATH%", "100%", "a&b|c>d<e^f", "(x)", "!x!", "ünïcödé", "日本語", "'", ";,=",
}

// Arguments arrive unchanged, whatever is in them.
func TestArgumentsArriveUnchanged(t *testing.T) {
	want, _ := json.Marshal(awkward)
	if got := outputOf(t, launching("print", awkward...)); got != string(want) {
		t.Errorf("%s instead of %s", got, want)
	}
}

// Arguments of a batch file reach what it runs unchanged.
func TestArgumentsOfBatchFileArriveUnchanged(t *testing.T) {
	script := filepath.Join(scratch.Dir(t), "a script.bat")
	own, _ := os.Executable()
	if err := os.WriteFile(script, []byte("@\""+own+"\" __child print %*\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, argument := range awkward {
		if isWine && strings.Contains(argument, "%") {
			t.Log("needs real Windows: the cmd.exe of Wine doesn't know substrings of nothing")
			continue
		}
		launch := launching("")
		launch.Argv = []string{script, argument}
		want, _ := json.Marshal([]string{argument})
		if got := outputOf(t, launch); got != string(want) {
			t.Errorf("%s instead of %s", got, want)
		}
	}
}

// Variables keep their characters.
func TestVariablesAreUnicode(t *testing.T) {
	launch := launching("variable", "GREETING")
	launch.Env = append(launch.Env, "GREETING=grüße 日本")
	if got := outputOf(t, launch); got != "grüße 日本" {
		t.Errorf("%q", got)
	}
}

// A script of several lines is run as a whole, and its exit code is the last one's.
func TestScriptOfSeveralLines(t *testing.T) {
	launch := launching("")
	launch.Argv, launch.IsScript = []string{"cmd.exe", "/d", "/s", "/c", "echo one\necho two & echo three\nexit /b 5"}, true
	p := start(t, launch)
	text, _ := io.ReadAll(p.Outputs[0])
	status, err := p.Wait()
	p.Sweep()
	if got := strings.Fields(string(text)); !slices.Equal(got, []string{"one", "two", "three"}) || status.Code != 5 || err != nil {
		t.Errorf("%q, %d, %v", got, status.Code, err)
	}
}

// A tree of four levels is killed whole.
func TestTreeDiesWhole(t *testing.T) {
	p := start(t, launching("tree", "4"))
	pids := pidsFrom(t, p.Outputs[0], 4)
	p.Stop(Kill)
	if _, err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	p.Sweep()
	allGone(t, pids)
}

// Without a job the children of a killed process live on: what the job is for.
func TestTreeWithoutJobSurvives(t *testing.T) {
	command := exec.Command(os.Args[0], "__child", "tree", "2")
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	pids := pidsFrom(t, output, 2)
	_ = command.Process.Kill()
	_ = command.Wait()
	if !isAlive(pids[1]) {
		t.Error("the child died by itself")
	}
	if left, err := os.FindProcess(int(pids[1])); err == nil {
		_ = left.Kill()
	}
}

// A child that is started at once and left behind is still of the tree: it is named and killed.
func TestEarlyChildIsOfTheTree(t *testing.T) {
	p := start(t, launching("leave"))
	pids := pidsFrom(t, p.Outputs[0], 1)
	if _, err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	survivors := p.Sweep()
	if !slices.ContainsFunc(survivors, func(s Survivor) bool { return s.PID == int(pids[0]) && strings.HasSuffix(s.Name, ".exe") }) {
		t.Errorf("%v doesn't name %v", survivors, pids)
	}
	allGone(t, pids)
}

// Ctrl-C reaches the tree, and not the worker.
func TestControlCReachesTheTree(t *testing.T) {
	p := start(t, launching("catch"))
	if line, err := bufio.NewReader(p.Outputs[0]).ReadString('\n'); err != nil || strings.TrimSpace(line) != "ready" {
		t.Fatalf("%q, %v", line, err)
	}
	p.Stop(Interrupt)
	status, err := p.Wait()
	p.Sweep()
	if status.Code != interrupted || err != nil {
		t.Errorf("%d, %v", status.Code, err)
	}
}

// When the worker is killed hard, nothing of its runs is left.
func TestTreeDiesWithTheWorker(t *testing.T) {
	worker := exec.Command(os.Args[0], "__child", "hold")
	output, err := worker.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	pids := pidsFrom(t, output, 3)
	_ = worker.Process.Kill()
	_ = worker.Wait()
	allGone(t, pids)
}
