// The runtime needn't find out how many processors it may use: this program needs one, and seldom.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Command bl-run supervises one command for a worker, and survives the worker.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/processes"
	"buildledger/workers/go/internal/supervision/supervisor"
)

const usage = `Usage: bl-run DIRECTORY

Runs one command for a worker of Build Ledger: owns its processes, keeps its output in DIRECTORY, and writes there how it
ended. The worker says on standard input what to run; nobody else has a use for this program. docs/supervisor.md tells
the rest.

  --version   show the version, and which launches it takes
  --help      show this text
`

// exitMisused is the exit code for a wrong command line.
const exitMisused = 2

// version is set when the program is built.
var version = "0.1.0"

func main() { os.Exit(execute(os.Args[1:], os.Stdout)) }

// execute runs the program, and returns its exit code.
func execute(arguments []string, out io.Writer) int {
	if code, isHelper := processes.RunHelper(arguments); isHelper {
		return code
	}
	if len(arguments) == 1 {
		switch strings.TrimPrefix(arguments[0], "-") {
		case "-version":
			fmt.Fprintf(out, "bl-run %s launch %d\n", version, contract.Version)
			return 0
		case "-help", "h":
			fmt.Fprint(out, usage)
			return 0
		}
		if !strings.HasPrefix(arguments[0], "-") {
			return supervisor.Main(arguments[0])
		}
	}
	fmt.Fprintln(os.Stderr, "bl-run: it takes one argument, the directory of one command (try --help)")
	return exitMisused
}
