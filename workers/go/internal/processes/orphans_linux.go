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
	leftoverPause = 20 * time.Millisecond
	// complaintRounds is how often the log repeats that something can't be killed.
	complaintRounds = 500
)

// KillLeftovers kills every process of runs whose supervisors are gone, and tells by their cookies who they were. Orphans of whom
// nobody knows whose they are count for the first run.
//
// It doesn't return before they are gone, unless ctx ends: a run that can't be ended must not be reported as ended.
func (h *Household) KillLeftovers(ctx context.Context, leftovers []Leftover) (map[string][]Survivor, error) {
	killed := make(map[string]map[int]Survivor)
	for rounds := 1; ; rounds++ {
		found := h.findLeftovers(leftovers)
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
		if rounds%complaintRounds == 0 {
			slog.Error("processes of interrupted runs can't be killed", "runs", len(found))
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(leftoverPause):
		}
	}
	survivors := make(map[string][]Survivor)
	for _, leftover := range leftovers {
		if leftover.Process != nil && leftover.Process.Cgroup != "" {
			(&cgroup{leftover.Process.Cgroup}).remove()
		}
		survivors[leftover.Cookie] = slices.Collect(maps.Values(killed[leftover.Cookie]))
	}
	return survivors, nil
}

// findLeftovers are the living processes of each run, by its cookie.
func (h *Household) findLeftovers(leftovers []Leftover) map[string][]*processInfo {
	if len(leftovers) == 0 {
		return nil
	}
	h.mu.Lock()
	orphans := h.orphans()
	h.mu.Unlock()
	processes := lookAtAll()
	marks := make(map[string][]int)
	for pid := range processes {
		for _, cookie := range cookies(pid) {
			marks[cookie] = append(marks[cookie], pid)
		}
	}
	found := make(map[string][]*processInfo)
	isKnown := make(map[int]bool)
	enter := func(cookie string, roots []int) {
		for pid := range descendants(roots, processes) {
			if info := processes[pid]; info != nil && !info.isDead() && pid != os.Getpid() && !isKnown[pid] {
				found[cookie] = append(found[cookie], info)
				isKnown[pid] = true
			}
		}
	}
	for _, leftover := range leftovers {
		enter(leftover.Cookie, append(marks[leftover.Cookie], membersOf(leftover.Process, processes)...))
	}
	enter(leftovers[0].Cookie, orphans)
	return found
}

// membersOf are the processes that share a session, a group or a cgroup with a known one.
func membersOf(known *Identity, processes map[int]*processInfo) []int {
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
