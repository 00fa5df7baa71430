package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"google.golang.org/protobuf/proto"

	"buildledger/workers/go/internal/onerun"
	"buildledger/workers/go/internal/runs"
)

const (
	// execCommand makes this program carry out one run for another worker.
	execCommand = "exec"

	exitFailed = 1

	execUsage = `Usage: bl-worker exec --work DIR [--chunk-bytes N] [--lock FILE]
       bl-worker exec --features
       bl-worker exec --hello --work DIR

Carries out one run of Build Ledger for a worker that is written in any language, and ends. That worker speaks to the server, and
passes on what the server wants of the run and what happens in it. docs/protocol.md tells how, and shows a worker that does so.

Standard input: messages DesiredRun as the server sent them, each after its length (a varint, as protobuf's libraries write it). The
first asks for the run; later ones speak of the same: STOP, ABANDON, a higher fence. The end of standard input is the end of the
worker, and ends the run by its stop policy with reason WORKER_SHUTDOWN.

Standard output: messages RunEvent in the same form, event_no from 1; the last is Rejected or Exited. Only fence is to be set anew when
they are sent. Time limits, log limit, stop policy, masking, and paths that can't leave the build directory are seen to here, and all
processes of the run have ended before the last event. Whoever reads slowly has the command wait, which doesn't count as silence.

Runs that move files (files_in, files_out) are rejected as UNSUPPORTED: they need a connection to the server.

  --work DIR        where build directories lie (Hello.work_directory)
  --chunk-bytes N   most output in one event: Welcome.chunk_bytes (default: 65536)
  --lock FILE       begin when no other such program has this file locked: runs come one after the other, and the wait counts for
                    timeouts.start
  --features        print the optional features that are kept, one a line
  --hello           write a Hello with these features and what else can be said here: os, arch, boot_id, work_directory, an
                    instance_id for this start of the worker. The message alone, without its length
  --help            show this text

Exit codes: 0: the last event was written, whatever it says. 1: it couldn't begin, or nobody read the events; the run was ended.
2: the command line or standard input makes no sense; a run that had begun was ended, and its events written. SIGTERM ends the run
like the end of standard input, a second one by force.
`
)

// runExec carries out one run if the command line says so.
func runExec(arguments []string) (code int, isExec bool) {
	if len(arguments) == 0 || arguments[0] != execCommand {
		return 0, false
	}
	settings, err := parseExec(arguments[1:], os.Stdout)
	if errors.Is(err, errHelpShown) {
		return exitStopped, true
	}
	if err != nil {
		return failed(exitMisconfigured, err), true
	}
	tuneMemory()
	settings.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	signals := make(chan os.Signal, signalBuffer)
	signal.Notify(signals, shutDownSignals...)
	// A reader that has left is an error of writing and not the end of this program, which still has to end the run. The signal isn't
	// ignored: commands would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	err = onerun.Carry(settings, os.Stdin, os.Stdout, signals)
	switch {
	case errors.Is(err, onerun.ErrInput):
		return failed(exitMisconfigured, err), true
	case err != nil:
		return failed(exitFailed, err), true
	}
	return exitStopped, true
}

func failed(code int, err error) int {
	fmt.Fprintf(os.Stderr, "bl-worker exec: %v\n", err)
	return code
}

// parseExec reads the command line. What was asked to be shown is written to out; the error is errHelpShown then.
func parseExec(arguments []string, out io.Writer) (settings onerun.Settings, err error) {
	settings.Software = "buildledger-exec/" + version
	flags := flag.NewFlagSet("bl-worker exec", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&settings.WorkDir, "work", "", "")
	flags.StringVar(&settings.Lock, "lock", "", "")
	chunkBytes := flags.Uint("chunk-bytes", 0, "")
	showFeatures, writeHello := flags.Bool("features", false, ""), flags.Bool("hello", false, "")
	err = flags.Parse(arguments)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, execUsage)
		return settings, errHelpShown
	case err != nil:
	case flags.NArg() > 0:
		err = fmt.Errorf("%q wasn't expected", flags.Arg(0))
	case *showFeatures:
		fmt.Fprintln(out, strings.Join(onerun.Features(), "\n"))
		return settings, errHelpShown
	case settings.WorkDir == "":
		err = errors.New("--work is missing")
	case *chunkBytes != 0 && (*chunkBytes < runs.MinChunkBytes || *chunkBytes > runs.MaxChunkBytes):
		err = fmt.Errorf("--chunk-bytes %d isn't from %d to %d", *chunkBytes, runs.MinChunkBytes, runs.MaxChunkBytes)
	default:
		settings.ChunkBytes = uint32(*chunkBytes)
		settings.WorkDir, err = filepath.Abs(settings.WorkDir)
	}
	if err != nil {
		return settings, fmt.Errorf("%w (try --help)", err)
	}
	if *writeHello {
		err = errHelpShown
		if failure := sayHello(settings, out); failure != nil {
			err = failure
		}
	}
	return settings, err
}

// sayHello writes what a worker can say about itself.
func sayHello(settings onerun.Settings, out io.Writer) error {
	hello, err := onerun.Hello(settings)
	if err != nil {
		return err
	}
	message, err := proto.Marshal(hello)
	if err != nil {
		return err
	}
	_, err = out.Write(message)
	return err
}
