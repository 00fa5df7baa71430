package processes

import (
	"maps"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// tree is the processes of one run. Its root leads a session and a process group of its own.
//
// Processes are found by their session and process group, by the cgroup if there is one, by the cookie in their environment, and
// because orphans among the descendants become children of this process.
type tree struct {
	reaper *Reaper
	root   int
	cookie string
	cgroup *cgroup
}

// signal sends a signal to the root's process group; nothing happens if that is empty.
func (t *tree) signal(number unix.Signal) {
	_ = unix.Kill(-t.root, number)
}

// killSurvivors kills the processes that have outlived the root, and returns them when they are gone.
func (t *tree) killSurvivors() []Survivor {
	killed := make(map[int]Survivor)
	for deadline := time.Now().Add(killTimeout); ; {
		living := t.living()
		if len(living) == 0 {
			break
		}
		t.cgroup.kill()
		for _, info := range living {
			if _, isKnown := killed[info.pid]; !isKnown {
				killed[info.pid] = Survivor{info.pid, info.name}
			}
			_ = unix.Kill(info.pid, unix.SIGKILL)
		}
		if time.Now().After(deadline) {
			break
		}
		time.Sleep(killPollInterval)
	}
	t.reaper.removeTree(t)
	t.cgroup.remove()
	return slices.SortedFunc(maps.Values(killed), func(a, b Survivor) int { return a.PID - b.PID })
}

// living are the living processes of the tree. It reads all of /proc only if there may be some.
func (t *tree) living() []*processInfo {
	isSubreaper := t.reaper.isSubreaper
	var escaped []int
	if isSubreaper && !hasChildren() && !t.groupExists() && len(t.cgroup.members()) == 0 {
		// The usual case, without reading /proc.
		return nil
	}
	if isSubreaper {
		orphans, isOnlyTree := t.reaper.adoptedOrphansOf(t)
		for _, pid := range orphans {
			if isOnlyTree || slices.Contains(cookiesOf(pid), t.cookie) {
				escaped = append(escaped, pid)
			}
		}
		if len(escaped) == 0 && !t.groupExists() && len(t.cgroup.members()) == 0 {
			return nil
		}
	}
	processes := readAllStats()
	roots := append(t.cgroup.members(), escaped...)
	for pid, info := range processes {
		if t.root == info.session || t.root == info.group || !isSubreaper && slices.Contains(cookiesOf(pid), t.cookie) {
			roots = append(roots, pid)
		}
	}
	var infos []*processInfo
	for pid := range descendants(roots, processes) {
		if info := processes[pid]; info != nil && pid != os.Getpid() {
			infos = append(infos, info)
		}
	}
	t.reaper.reapZombies(infos)
	return slices.DeleteFunc(infos, (*processInfo).isZombie)
}

// groupExists reports whether the root's process group has members.
func (t *tree) groupExists() bool {
	return unix.Kill(-t.root, 0) != unix.ESRCH
}
