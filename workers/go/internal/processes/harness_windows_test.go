package processes

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"buildledger/workers/go/internal/testdir"
)

func start(t *testing.T, launch Launch) *Process {
	t.Helper()
	p, err := NewReaper("").Start(launch)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ended runs a command to its end, and returns its output, its status and its survivors.
func ended(t *testing.T, launch Launch) (text string, status Status, left []Survivor) {
	t.Helper()
	p := start(t, launch)
	output, err := io.ReadAll(p.Outputs[0])
	if err != nil {
		t.Fatal(err)
	}
	if status, err = p.Wait(); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(output)), status, p.KillSurvivors()
}

func outputOf(t *testing.T, launch Launch) string {
	t.Helper()
	text, _, _ := ended(t, launch)
	return text
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

func expectAllDead(t *testing.T, pids []uint32) {
	t.Helper()
	eventually(t, fmt.Sprintf("of %v none is alive", pids), func() bool { return !slices.ContainsFunc(pids, isAlive) })
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(testTimeout); !holds(); time.Sleep(killPollInterval) {
		if time.Now().After(deadline) {
			t.Fatalf("not true in %v: %s", testTimeout, what)
		}
	}
}

// copyOfTestProgram copies this program to a file with another name, by which its processes can be found.
func copyOfTestProgram(t *testing.T, name string) string {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(testdir.New(t), name)
	if err := os.WriteFile(path, content, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// running counts the processes of a program by its file name, suspended ones too.
func running(t *testing.T, name string) int {
	t.Helper()
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(snapshot)
	entry := windows.ProcessEntry32{}
	entry.Size = uint32(unsafe.Sizeof(entry))
	count := 0
	for err := windows.Process32First(snapshot, &entry); err == nil; err = windows.Process32Next(snapshot, &entry) {
		if strings.EqualFold(windows.UTF16ToString(entry.ExeFile[:]), name) {
			count++
		}
	}
	return count
}

// isWine reports whether this is Wine, which isn't like Windows in everything.
var isWine = windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil

// needsRealWindows skips what Wine can't show, and says so.
func needsRealWindows(t *testing.T, why string) {
	t.Helper()
	if isWine {
		t.Skip("needs real Windows: " + why)
	}
}

// jobWith makes a job with other limits than the worker's jobs have.
func jobWith(t *testing.T, limits windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION) *job {
	t.Helper()
	made, err := newJob()
	if err != nil {
		t.Fatal(err)
	}
	limits.BasicLimitInformation.LimitFlags |= windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(made.handle, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// assign puts a process into a job.
func assign(t *testing.T, into *job, pid int) {
	t.Helper()
	handle, err := windows.OpenProcess(windows.PROCESS_ALL_ACCESS, false, uint32(pid))
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(handle)
	if err := into.ensureMember(handle); err != nil {
		t.Fatal(err)
	}
}
