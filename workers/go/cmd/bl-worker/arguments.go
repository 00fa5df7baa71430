package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"buildledger/workers/go/internal/contract"
	"buildledger/workers/go/internal/transport"
	"buildledger/workers/go/internal/worker"
)

const (
	tokenVariable = "BUILDLEDGER_WORKER_TOKEN"
	// capacityFromServer is the default capacity: more than any server configures, so that only its configuration counts.
	capacityFromServer = 1_000
	defaultKeepDays    = 30
	keepDaysMax        = 36_500
	usage              = `Usage: bl-worker --server HOST:PORT --name NAME --state DIR [options]

Runs builds for a Build Ledger server. Connections may break and the server may restart: steps go on, and no output is
lost. SIGTERM or Ctrl-C stops what runs, SIGHUP lets it finish first.

  --server HOST:PORT   where the server listens for workers; or unix:PATH, a socket that leads there
  --name NAME          the name this worker is configured under
  --state DIR          journal, credential and lock; private to this worker
  --work DIR           where build directories lie (default: work/ in the state directory)
  --keep-days N        build directories that no build has used for so many days are removed; 0: never (default: 30)
  --label KEY=VALUE    what this worker can be chosen by; repeatable
  --capacity N         never more builds at the same time than this (default: as configured on the server)
  --token TOKEN        one-use enrollment token, for the first start; better given in ` + tokenVariable + `,
                       where not every user of the machine can read it
  --enroll-at HOST:PORT  where to enroll, if --server lets nobody in without a certificate
  --ca FILE            PEM file of the issuers of the server's certificate; turns TLS on
  --tls                TLS with the issuers that this machine trusts
  --spool-bytes N      unacknowledged output that may lie on disk (default: 1 GiB)
  --on-crash WHAT      what becomes of running steps if the worker is killed: they continue, and the next start takes them
                       up (the default), or kill
  --cgroup DIR         a delegated cgroup v2 directory (Linux; found by itself under systemd's Delegate=yes)
` + serviceUsage + `  --version            show the version
  --help               show this text
`
)

// version is set when the program is built.
var version = "0.1.0"

// errHelpShown is returned after --help or --version.
var errHelpShown = errors.New("help shown")

// labels collects --label.
type labels map[string]string

func (l labels) String() string { return "" }

func (l labels) Set(text string) error {
	key, value, found := strings.Cut(text, "=")
	if !found || key == "" {
		return errors.New("a label is KEY=VALUE")
	}
	l[key] = value
	return nil
}

// parseArguments reads the command line. Help and version are written to out; the error is errHelpShown then.
func parseArguments(arguments []string, getenv func(string) string, out io.Writer) (worker.Settings, error) {
	settings := worker.Settings{
		Labels: labels{}, Software: "buildledger-go/" + version, Token: getenv(tokenVariable), SpoolBytes: worker.DefaultSpoolBytes,
	}
	flags := flag.NewFlagSet("bl-worker", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&settings.Server, "server", "", "")
	flags.StringVar(&settings.Name, "name", "", "")
	flags.StringVar(&settings.StateDir, "state", "", "")
	flags.StringVar(&settings.WorkDir, "work", "", "")
	flags.Var(labels(settings.Labels), "label", "")
	keepDays := flags.Uint("keep-days", defaultKeepDays, "")
	capacity := flags.Uint("capacity", capacityFromServer, "")
	flags.StringVar(&settings.Token, "token", settings.Token, "")
	flags.StringVar(&settings.EnrollAt, "enroll-at", "", "")
	flags.StringVar(&settings.Security.CAFile, "ca", "", "")
	flags.BoolVar(&settings.Security.TLS, "tls", false, "")
	flags.Int64Var(&settings.SpoolBytes, "spool-bytes", settings.SpoolBytes, "")
	flags.StringVar(&settings.OnCrash, "on-crash", contract.OnDeathContinue, "")
	flags.StringVar(&settings.Cgroup, "cgroup", "", "")
	showVersion := flags.Bool("version", false, "")
	err := flags.Parse(arguments)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, usage)
		return settings, errHelpShown
	case err != nil:
		return settings, fmt.Errorf("%w (try --help)", err)
	case *showVersion:
		fmt.Fprintf(out, "bl-worker %s %s/%s\n", version, runtime.GOOS, runtime.GOARCH)
		return settings, errHelpShown
	}
	settings.Capacity = uint32(*capacity)
	settings.Keep = time.Duration(min(*keepDays, keepDaysMax)) * 24 * time.Hour
	if err := checkSettings(&settings, flags.Args(), *capacity); err != nil {
		return settings, fmt.Errorf("%w (try --help)", err)
	}
	return settings, nil
}

// checkSettings checks what the flag package doesn't, and makes paths absolute.
func checkSettings(settings *worker.Settings, rest []string, capacity uint) error {
	if len(rest) > 0 {
		return fmt.Errorf("%q wasn't expected", rest[0])
	}
	for name, value := range map[string]string{"server": settings.Server, "name": settings.Name, "state": settings.StateDir} {
		if value == "" {
			return fmt.Errorf("--%s is missing", name)
		}
	}
	if _, _, err := net.SplitHostPort(settings.Server); err != nil && !transport.IsSocket(settings.Server) {
		return fmt.Errorf("--server %s isn't HOST:PORT or unix:PATH", settings.Server)
	}
	if capacity < 1 || capacity > 10_000 {
		return fmt.Errorf("--capacity %d isn't from 1 to 10,000", capacity)
	}
	if settings.SpoolBytes < 1<<20 {
		return fmt.Errorf("--spool-bytes %d is less than 1 MiB", settings.SpoolBytes)
	}
	if err := settings.Security.CheckCAFile(); err != nil {
		return fmt.Errorf("--ca: %w", err)
	}
	if settings.OnCrash != contract.OnDeathContinue && settings.OnCrash != contract.OnDeathKill {
		return fmt.Errorf("--on-crash %s is neither %s nor %s", settings.OnCrash, contract.OnDeathContinue, contract.OnDeathKill)
	}
	if settings.WorkDir == "" {
		settings.WorkDir = filepath.Join(settings.StateDir, "work")
	}
	for _, path := range []*string{&settings.StateDir, &settings.WorkDir} {
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return fmt.Errorf("%s: %w", *path, err)
		}
		*path = absolute
	}
	return nil
}
