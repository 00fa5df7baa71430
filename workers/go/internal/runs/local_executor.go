package runs

import (
	"context"
	"log/slog"

	"buildledger/workers/go/internal/files"
	"buildledger/workers/go/internal/files/transfers"
	"buildledger/workers/go/internal/processes"
	pb "buildledger/workers/go/internal/workerv1"
)

// portableFeatures are offered on every system; processes.Reaper knows those that depend on the system.
var portableFeatures = []string{
	"merge_stderr", "file_operations", "file_types", "secrets", "stdin", "watch_files", "gap", "blobs", "supervised",
	"timeouts", "log_limit", "stop_policy", "unset_env", "shell_script",
}

// LocalExecutor does the operations of runs on this machine.
type LocalExecutor struct {
	// WorkDir holds all build directories.
	WorkDir string
	// Features are the optional features of the protocol that this machine offers.
	Features []string

	blobs   *transfers.BlobStore
	reaper  *processes.Reaper
	server  *ServerSettings
	budget  *SpoolBudget
	onCrash string
	log     *slog.Logger
}

// ExecutorOptions are what a LocalExecutor needs.
type ExecutorOptions struct {
	WorkDir string
	// Cgroup is a delegated cgroup v2 directory; empty: the worker's own, if that was delegated.
	Cgroup string
	// OnCrash is what becomes of commands when the worker is killed: contract.OnDeathContinue or contract.OnDeathKill.
	OnCrash string
	Blobs   *transfers.BlobStore
	Server  *ServerSettings
	Budget  *SpoolBudget
	Log     *slog.Logger
}

// NewLocalExecutor makes this process the parent of orphans, where the system can do that.
func NewLocalExecutor(options ExecutorOptions) *LocalExecutor {
	reaper := processes.NewReaper(options.Cgroup)
	return &LocalExecutor{
		WorkDir:  options.WorkDir,
		Features: append(reaper.Features(), portableFeatures...),
		blobs:    options.Blobs,
		reaper:   reaper,
		server:   options.Server,
		budget:   options.Budget,
		onCrash:  options.OnCrash,
		log:      options.Log,
	}
}

// fetchFiles gets the files that a run needs. The failure is that of the first one that can't be had; the error is that of ctx.
func (e *LocalExecutor) fetchFiles(ctx context.Context, p *plan) (*pb.FileError, error) {
	return e.blobs.Fetch(ctx, p.dir, p.spec)
}

// operate does a file operation. Its failure stands in the last result; the error is that of ctx.
func (e *LocalExecutor) operate(ctx context.Context, p *plan) ([]*pb.FileResult, error) {
	return files.Perform(ctx, p.dir, p.spec)
}

// uploadFiles gives the server the files that a run has left. The failure stands in the last result; the error is that of ctx.
func (e *LocalExecutor) uploadFiles(ctx context.Context, a *Attempt, p *plan, hasSucceeded bool) ([]*pb.FileResult, error) {
	origin := transfers.Origin{RunID: a.RunID, Attempt: a.Key.Attempt}
	uploaded, failure, err := e.blobs.Upload(ctx, p.dir, p.spec, origin, hasSucceeded)
	if err != nil {
		return nil, err
	}
	results := files.Paged(uploaded)
	results[len(results)-1].Error = failure
	return results, nil
}

// killOrphans kills the processes of a command whose supervisor was killed, and returns them.
func (e *LocalExecutor) killOrphans(orphaned processes.OrphanedRun) []processes.Survivor {
	survivors, _ := e.reaper.KillOrphans(context.Background(), []processes.OrphanedRun{orphaned})
	return survivors[orphaned.Cookie]
}
