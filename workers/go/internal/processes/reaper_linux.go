package processes

import (
	"maps"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// cgroupPrefix begins the names of the cgroups of runs.
const cgroupPrefix = "run-"

// Reaper starts the processes of this program and knows them. Its other children are orphans, which it has inherited as a
// subreaper.
//
// A program that has one must start all its processes through it: any other child is treated as an orphan of a run. It has either
// trees, as a supervisor, or detached supervisors, as a worker.
type Reaper struct {
	cgroupParent string
	isSubreaper  bool

	mu       sync.Mutex // Held from before a process is started until its tree is known.
	trees    map[*tree]bool
	detached map[int]bool // Ids of the programs that StartDetached has started.
}

// NoCgroup is given in place of a cgroup's path to use none.
const NoCgroup = "none"

// NewReaper makes this process the subreaper of its descendants, where the system can: it becomes the parent of those that lose
// theirs.
//
// cgroupParent is a delegated cgroup v2 directory; if empty, the worker's own is taken if it was delegated.
func NewReaper(cgroupParent string) *Reaper {
	switch cgroupParent {
	case "":
		cgroupParent = delegatedCgroup()
	case NoCgroup:
		cgroupParent = ""
	}
	err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	return &Reaper{
		cgroupParent: cgroupParent, isSubreaper: err == nil, trees: make(map[*tree]bool), detached: make(map[int]bool),
	}
}

// Features are the optional features of the protocol that this system offers.
func (r *Reaper) Features() []string {
	features := []string{"pty", "tree_kill", "umask"}
	if r.isSubreaper {
		features = append(features, "subreaper")
	}
	if r.cgroupParent != "" {
		features = append(features, "cgroup")
	}
	return features
}

// CgroupParent is the delegated cgroup directory, or NoCgroup: what another NewReaper can be given.
func (r *Reaper) CgroupParent() string {
	if r.cgroupParent == "" {
		return NoCgroup
	}
	return r.cgroupParent
}

// Mechanism names what finds the processes of a tree, for people.
func (r *Reaper) Mechanism() string {
	switch {
	case r.cgroupParent != "":
		return "cgroup_v2"
	case r.isSubreaper:
		return "subreaper"
	}
	return "process_group"
}

// adoptedOrphansOf are the orphans that may belong to a tree. isOnlyTree reports whether there is no other, so that all of them do.
func (r *Reaper) adoptedOrphansOf(t *tree) (pids []int, isOnlyTree bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.adoptedOrphans(), len(r.trees) == 1 && r.trees[t]
}

// adoptedOrphans are the ids of living children that this process didn't start. The caller holds the lock.
func (r *Reaper) adoptedOrphans() (pids []int) {
	known := maps.Clone(r.detached)
	for each := range r.trees {
		known[each.root] = true
	}
	for _, pid := range ownChildren() {
		if !known[pid] && !tryReap(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// CgroupPath is the path of the cgroup of a run; empty if there are no cgroups.
func (r *Reaper) CgroupPath(cookie string) string {
	if r.cgroupParent == "" {
		return ""
	}
	return filepath.Join(r.cgroupParent, cgroupPrefix+cookie)
}

func (r *Reaper) removeTree(t *tree) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.trees, t)
}

// reapZombies waits for inherited processes that have ended.
func (r *Reaper) reapZombies(infos []*processInfo) {
	for _, info := range infos {
		if info.isZombie() && info.parent == os.Getpid() {
			tryReap(info.pid)
		}
	}
}

// hasChildren reports whether this process has any children, zombies included.
func hasChildren() bool {
	return unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil) != unix.ECHILD
}

// tryReap waits for a child if it has ended, and reports whether it had.
func tryReap(pid int) bool {
	for {
		ended, err := unix.Wait4(pid, nil, unix.WNOHANG, nil)
		if err != unix.EINTR {
			return ended == pid || err == unix.ECHILD
		}
	}
}

// RunHelper does nothing: only on Windows this program is its own helper.
func RunHelper([]string) (code int, isHelper bool) { return 0, false }
