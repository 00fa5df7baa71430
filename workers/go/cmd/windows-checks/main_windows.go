// Command windows-checks runs the tests that lie beside it (*.test.exe) and prints a table: what holds on this machine.
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
	verdict  = regexp.MustCompile(`^--- (PASS|FAIL|SKIP): (\w+)`)
	running  = regexp.MustCompile(`^=== RUN +(\w+)$`)
	position = regexp.MustCompile(`^ +\w+\.go:\d+: `)
)

// check is one test and how it ended.
type check struct {
	name, outcome string
	said          []string
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

// execute runs the tests of all programs; a word on the command line chooses among their names, as in `go test -run`.
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
	fmt.Println(machine())
	table := tabwriter.NewWriter(os.Stdout, 0, 1, 2, ' ', 0)
	for _, program := range programs {
		name := strings.TrimSuffix(filepath.Base(program), ".test.exe")
		checks, err := run(program, arguments)
		if err != nil {
			failed = true
			fmt.Fprintf(table, "FAIL\t%s\t%v\n", name, err)
		}
		for _, each := range checks {
			failed = failed || each.outcome == "FAIL"
			fmt.Fprintf(table, "%s\t%s.%s\t%s\n", each.outcome, name, each.name, strings.Join(each.said, " / "))
		}
	}
	return failed, table.Flush()
}

func machine() string {
	major, minor, build := windows.RtlGetNtVersionNumbers()
	name := "Windows"
	if windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil {
		name = "Wine, which says it is Windows"
	}
	return fmt.Sprintf("%s %d.%d.%d", name, major, minor, build)
}

// run runs one program of tests and takes apart what it prints.
func run(program string, arguments []string) ([]*check, error) {
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
		if found := running.FindStringSubmatch(line); found != nil {
			// Until its verdict is read: a test that brings the whole program down has none.
			checks = append(checks, &check{name: found[1], outcome: "FAIL"})
			continue
		}
		if len(checks) == 0 {
			continue
		}
		last := checks[len(checks)-1]
		if found := verdict.FindStringSubmatch(line); found != nil && found[2] == last.name {
			last.outcome = found[1]
		} else if position.MatchString(line) {
			last.said = append(last.said, strings.TrimSpace(position.ReplaceAllString(line, "")))
		}
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && slices.ContainsFunc(checks, func(each *check) bool { return each.outcome == "FAIL" }) {
		err = nil // The tests tell.
	}
	return checks, err
}
