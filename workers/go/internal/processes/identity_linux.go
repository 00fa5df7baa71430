package processes

import "os"

// OwnIdentity is the identity of this process.
func OwnIdentity() Identity {
	identity := Identity{PID: os.Getpid()}
	if info := readStat(identity.PID); info != nil {
		identity.Started = info.started
	}
	return identity
}

// IsAlive reports whether the process runs that an identity names; another process with the same id doesn't count.
func (i Identity) IsAlive() bool {
	info := readStat(i.PID)
	return info != nil && info.started == i.Started && !info.isZombie()
}
