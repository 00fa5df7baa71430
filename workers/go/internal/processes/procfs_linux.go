package processes

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// processInfo is a process as it was when looked at.
type processInfo struct {
	pid, parent, group, session int
	name                        string
	state                       byte
	// started is in clock ticks since boot; with the pid it names the process beyond reuse.
	started uint64
}

// isZombie: ended, and only waiting for its parent to notice.
func (p *processInfo) isZombie() bool { return p.state == 'Z' || p.state == 'X' }

// readStat is what /proc says about a process; nil if there is none.
func readStat(pid int) *processInfo {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	// The name stands in parentheses and may hold anything, also parentheses.
	begin, end := bytes.IndexByte(content, '('), bytes.LastIndexByte(content, ')')
	if begin < 0 || end < begin {
		return nil
	}
	fields := strings.Fields(string(content[end+1:]))
	if len(fields) < 20 {
		return nil
	}
	name := strings.ToValidUTF8(string(content[begin+1:end]), "�")
	info := &processInfo{pid: pid, name: name[:min(len(name), maxNameBytes)], state: fields[0][0]}
	for i, target := range []*int{&info.parent, &info.group, &info.session} {
		*target, _ = strconv.Atoi(fields[1+i])
	}
	info.started, _ = strconv.ParseUint(fields[19], 10, 64)
	return info
}

// readAllStats is every process that can be seen, by id.
func readAllStats() map[int]*processInfo {
	found := make(map[int]*processInfo)
	for _, pid := range numericNames("/proc") {
		if info := readStat(pid); info != nil {
			found[pid] = info
		}
	}
	return found
}

// cookiesOf are the marks in the environment that a process was started with.
func cookiesOf(pid int) []string {
	environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return nil
	}
	for variable := range bytes.SplitSeq(environment, []byte{0}) {
		if marks, isCookie := bytes.CutPrefix(variable, []byte(CookieVariable+"=")); isCookie {
			return strings.Split(string(marks), ":")
		}
	}
	return nil
}

// ownChildren are the children of this process: those it started and, as a subreaper, every orphan among its descendants.
func ownChildren() []int {
	var children []int
	for _, thread := range numericNames("/proc/self/task") {
		content, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/children", thread))
		if err != nil {
			continue
		}
		for field := range strings.FieldsSeq(string(content)) {
			if pid, err := strconv.Atoi(field); err == nil {
				children = append(children, pid)
			}
		}
	}
	return children
}

// descendants are roots and all that stem from them, as far as parents are alive.
func descendants(roots []int, processes map[int]*processInfo) map[int]bool {
	children := make(map[int][]int)
	for pid, info := range processes {
		children[info.parent] = append(children[info.parent], pid)
	}
	found := make(map[int]bool)
	for waiting := slices.Clone(roots); len(waiting) > 0; {
		pid := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		if !found[pid] {
			found[pid] = true
			waiting = append(waiting, children[pid]...)
		}
	}
	return found
}

func numericNames(directory string) []int {
	file, err := os.Open(directory)
	if err != nil {
		return nil
	}
	defer file.Close()
	names, _ := file.Readdirnames(-1)
	var numbers []int
	for _, name := range names {
		if number, err := strconv.Atoi(name); err == nil {
			numbers = append(numbers, number)
		}
	}
	return numbers
}
