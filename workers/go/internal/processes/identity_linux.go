package processes

import "os"

// Self is the identity of this process.
func Self() Identity {
	identity := Identity{PID: os.Getpid()}
	if info := look(identity.PID); info != nil {
		identity.Started = info.started
	}
	return identity
}

// IsAlive tells whether the process that an identity names runs, and not merely another with its id.
func (i Identity) IsAlive() bool {
	info := look(i.PID)
	return info != nil && info.started == i.Started && !info.isDead()
}
