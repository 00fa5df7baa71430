package processes

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

const (
	orphanPause = 20 * time.Millisecond
	// roundsPerLog is after how many rounds it is logged (again) that something can't be killed.
	roundsPerLog = 500
)

// KillOrphans kills every process of runs whose supervisors are gone, and returns them by the cookies of the runs. Orphans that
// can't be attributed to a run count for the first.
//
// It doesn't return before they are gone, unless ctx ends: a run of which something is alive must not be reported as ended.
func (r *Reaper) KillOrphans(ctx context.Context, orphanedRuns []OrphanedRun) (map[string][]Survivor, error) {
	killed := make(map[string]map[int]Survivor)
	for rounds := 1; ; rounds++ {
		found := r.findOrphans(orphanedRuns)
		if len(found) == 0 {
			break
		}
		for cookie, infos := range found {
			if killed[cookie] == nil {
				killed[cookie] = make(map[int]Survivor)
			}
			for _, info := range infos {
				killed[cookie][info.pid] = Survivor{info.pid, info.name}
				_ = unix.Kill(info.pid, unix.SIGKILL)
			}
		}
		if rounds%roundsPerLog == 0 {
			slog.Error("processes of interrupted runs can't be killed", "runs", len(found))
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(orphanPause):
		}
	}
	survivors := make(map[string][]Survivor)
	for _, each := range orphanedRuns {
		if each.Root != nil && each.Root.Cgroup != "" {
			(&cgroup{each.Root.Cgroup}).remove()
		}
		survivors[each.Cookie] = slices.Collect(maps.Values(killed[each.Cookie]))
	}
	return survivors, nil
}

// findOrphans finds the living processes of each run, by its cookie.
func (r *Reaper) findOrphans(orphanedRuns []OrphanedRun) map[string][]*processInfo {
	if len(orphanedRuns) == 0 {
		return nil
	}
	r.mu.Lock()
	orphans := r.adoptedOrphans()
	r.mu.Unlock()
	processes := readAllStats()
	pidsByCookie := make(map[string][]int)
	for pid := range processes {
		for _, cookie := range cookiesOf(pid) {
			pidsByCookie[cookie] = append(pidsByCookie[cookie], pid)
		}
	}
	found := make(map[string][]*processInfo)
	isKnown := make(map[int]bool)
	addDescendants := func(cookie string, roots []int) {
		for pid := range descendants(roots, processes) {
			if info := processes[pid]; info != nil && !info.isZombie() && pid != os.Getpid() && !isKnown[pid] {
				found[cookie] = append(found[cookie], info)
				isKnown[pid] = true
			}
		}
	}
	for _, each := range orphanedRuns {
		addDescendants(each.Cookie, append(pidsByCookie[each.Cookie], groupMembers(each.Root, processes)...))
	}
	addDescendants(orphanedRuns[0].Cookie, orphans)
	return found
}

// groupMembers are the ids of the processes in the session, the process group or the cgroup of a known one.
func groupMembers(known *Identity, processes map[int]*processInfo) []int {
	if known == nil {
		return nil
	}
	var members []int
	if known.Cgroup != "" {
		members = (&cgroup{known.Cgroup}).members()
	}
	if info := processes[known.PID]; info == nil || info.started != known.Started {
		return members
	}
	for pid, info := range processes {
		if info.session == known.PID || info.group == known.PID {
			members = append(members, pid)
		}
	}
	return members
}
