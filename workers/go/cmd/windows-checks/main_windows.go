// Command windows-checks runs the test programs beside it (*.test.exe) and prints a table of their results on this machine.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"golang.org/x/sys/windows"
)

const exitFailed = 1

var (
	resultLine     = regexp.MustCompile(`^--- (PASS|FAIL|SKIP): (\w+)`)
	runLine        = regexp.MustCompile(`^=== RUN +(\w+)$`)
	positionPrefix = regexp.MustCompile(`^ +\w+\.go:\d+: `)
)

// check is the result of one test.
type check struct {
	name, outcome string
	remarks       []string
}

func main() {
	failed, err := execute(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "windows-checks: %v\n", err)
	}
	if failed || err != nil {
		os.Exit(exitFailed)
	}
}

// execute runs all test programs. The first argument is a pattern for the names of tests, as in `go test -run`.
func execute(arguments []string) (failed bool, err error) {
	own, err := os.Executable()
	if err != nil {
		return false, err
	}
	programs, err := filepath.Glob(filepath.Join(filepath.Dir(own), "*.test.exe"))
	if err != nil || len(programs) == 0 {
		return false, errors.Join(errors.New("there is no *.test.exe beside this program"), err)
	}
	slices.Sort(programs)
	fmt.Println(systemName())
	table := tabwriter.NewWriter(os.Stdout, 0, 1, 2, ' ', 0)
	for _, program := range programs {
		name := strings.TrimSuffix(filepath.Base(program), ".test.exe")
		checks, err := runProgram(program, arguments)
		if err != nil {
			failed = true
			fmt.Fprintf(table, "FAIL\t%s\t%v\n", name, err)
		}
		for _, each := range checks {
			failed = failed || each.outcome == "FAIL"
			fmt.Fprintf(table, "%s\t%s.%s\t%s\n", each.outcome, name, each.name, strings.Join(each.remarks, " / "))
		}
	}
	return failed, table.Flush()
}

// systemName is the name and version of the system.
func systemName() string {
	major, minor, build := windows.RtlGetNtVersionNumbers()
	name := "Windows"
	if windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil {
		name = "Wine, which says it is Windows"
	}
	return fmt.Sprintf("%s %d.%d.%d", name, major, minor, build)
}

// runProgram runs one test program and parses its output.
func runProgram(program string, arguments []string) ([]*check, error) {
	options := []string{"-test.v", "-test.timeout=10m"}
	if len(arguments) > 0 {
		options = append(options, "-test.run="+arguments[0])
	}
	command := exec.Command(program, options...)
	command.Dir = filepath.Dir(program)
	text, err := command.CombinedOutput()
	var checks []*check
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if found := runLine.FindStringSubmatch(line); found != nil {
			// Until its result is read: a test that crashes the program has none.
			checks = append(checks, &check{name: found[1], outcome: "FAIL"})
			continue
		}
		if len(checks) == 0 {
			continue
		}
		last := checks[len(checks)-1]
		if found := resultLine.FindStringSubmatch(line); found != nil && found[2] == last.name {
			last.outcome = found[1]
		} else if positionPrefix.MatchString(line) {
			last.remarks = append(last.remarks, strings.TrimSpace(positionPrefix.ReplaceAllString(line, "")))
		}
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && slices.ContainsFunc(checks, func(each *check) bool { return each.outcome == "FAIL" }) {
		err = nil // The failed tests are reported.
	}
	return checks, err
}
