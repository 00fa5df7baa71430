package session

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"buildledger/workers/go/internal/files/durable"
	pb "buildledger/workers/go/internal/workerv1"
)

// LedgerHeadFile keeps the newest head of the server's ledger, so that a server whose ledger went back is noticed. The file says
// "POSITION DIGEST", the digest in hex; the head of a ledger that went back is kept beside it. Used by one goroutine at a time.
type LedgerHeadFile struct {
	path string
	log  *slog.Logger
	kept *pb.LedgerHead
}

// OpenLedgerHead reads the head that is kept in a state directory; one that can't be read is none.
func OpenLedgerHead(stateDir string, log *slog.Logger) *LedgerHeadFile {
	file := &LedgerHeadFile{path: filepath.Join(stateDir, "ledger-head"), log: log}
	content, err := os.ReadFile(file.path)
	if err != nil {
		return file
	}
	var position uint64
	var digest string
	if _, err := fmt.Sscanf(string(content), "%d %s", &position, &digest); err != nil {
		return file
	}
	if bytes, err := hex.DecodeString(digest); err == nil {
		file.kept = &pb.LedgerHead{Position: position, Digest: bytes}
	}
	return file
}

// Kept is the head that is kept; nil if no server has given any yet.
func (f *LedgerHeadFile) Kept() *pb.LedgerHead { return f.kept }

// Welcomed keeps the head that a session begins with, and says so if the server's ledger isn't the one it was.
func (f *LedgerHeadFile) Welcomed(welcome *pb.Welcome) {
	given := welcome.GetLedgerHead()
	wentBack := given.GetPosition() > 0 && given.GetPosition() < f.kept.GetPosition()
	if f.kept != nil && (welcome.GetLedgerContradicted() || wentBack) {
		aside := f.path + ".contradicted"
		f.log.Error("the server's ledger went back, or was altered: it doesn't hold what it held",
			"position", f.kept.GetPosition(), "ends_at", given.GetPosition(), "kept_in", aside)
		if err := os.Rename(f.path, aside); err != nil {
			f.log.Error("the former head can't be kept", "error", err)
		}
		f.kept = nil
	}
	f.Told(given)
}

// Told keeps a head if it is newer than the one that is kept.
func (f *LedgerHeadFile) Told(head *pb.LedgerHead) {
	if head.GetPosition() <= f.kept.GetPosition() {
		return
	}
	f.kept = head
	content := fmt.Appendf(nil, "%d %x\n", head.GetPosition(), head.GetDigest())
	if err := durable.ReplaceFile(f.path, content); err != nil {
		f.log.Error("the ledger's head can't be stored", "error", err)
	}
}
