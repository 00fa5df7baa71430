package transfers

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"buildledger/workers/go/internal/files"
	"buildledger/workers/go/internal/files/paths"
	pb "buildledger/workers/go/internal/workerv1"
)

// maxUploads is how many files one run may upload.
const maxUploads = 10_000

// Origin is the attempt that files come from.
type Origin struct {
	RunID   string
	Attempt uint32
}

// Upload gives the server the files that a run is to leave it. Beside the FileError of the first that can't be uploaded it returns
// the files before; the error is that of ctx.
func (s *BlobStore) Upload(
	ctx context.Context, dir paths.BuildDir, spec *pb.RunSpec, origin Origin, succeeded bool,
) ([]*pb.FileEntry, *pb.FileError, error) {
	var done []*pb.FileEntry
	for _, wanted := range spec.GetFilesOut() {
		if !succeeded && !wanted.GetAlways() {
			continue
		}
		entries, err := s.uploadMatching(ctx, dir, spec.GetBlobToken(), wanted, origin, maxUploads-len(done))
		done = append(done, entries...)
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if err != nil {
			return done, fileError(err, wanted.GetPattern()), nil
		}
	}
	return done, nil, nil
}

// uploadMatching uploads the files that one pattern matches, at most so many.
func (s *BlobStore) uploadMatching(
	ctx context.Context, dir paths.BuildDir, token string, wanted *pb.FileOut, origin Origin, limit int,
) ([]*pb.FileEntry, error) {
	if err := dir.Create(); err != nil {
		return nil, err
	}
	root, err := dir.OpenRoot()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	entries, err := matchingEntries(ctx, root, wanted)
	if err != nil {
		return nil, err
	}
	for i, entry := range entries {
		if i == limit {
			return entries[:i], newTransferError(pb.FileErrorCode_FILE_ERROR_CODE_TOO_LARGE, wanted.GetPattern(), "more than %d files", maxUploads)
		}
		err := s.withRetries(ctx, entry.GetPath(), func(ctx context.Context, client pb.BlobsClient) error {
			return s.uploadOne(ctx, client, root, token, entry, origin)
		})
		if err != nil {
			return entries[:i], err
		}
	}
	return entries, nil
}

// matchingEntries are the regular files that match a pattern, with their digests.
func matchingEntries(ctx context.Context, root *os.Root, wanted *pb.FileOut) ([]*pb.FileEntry, error) {
	var paths []string
	err := files.Match(ctx, root, wanted.GetPattern(), func(path string) bool {
		paths = append(paths, path)
		return true
	})
	if err != nil {
		return nil, err
	}
	var entries []*pb.FileEntry
	for _, path := range paths {
		entry, err := files.Describe(root, path, false)
		if err != nil {
			return nil, err
		}
		switch entry.GetType() {
		case pb.FileType_FILE_TYPE_DIRECTORY, pb.FileType_FILE_TYPE_SYMLINK:
			continue
		case pb.FileType_FILE_TYPE_OTHER:
			return nil, newTransferError(
				pb.FileErrorCode_FILE_ERROR_CODE_IO, entry.GetPath(), "%s is a socket, a pipe or a device, which can't be uploaded", path,
			)
		}
		if limit := wanted.GetSizeLimit(); limit > 0 && entry.GetSize() > limit {
			return nil, newTransferError(pb.FileErrorCode_FILE_ERROR_CODE_TOO_LARGE, entry.GetPath(), "larger than %d bytes", limit)
		}
		if entry.Sha256, err = files.Digest(ctx, root, path); err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	if len(entries) == 0 && !wanted.GetOptional() {
		return nil, newTransferError(pb.FileErrorCode_FILE_ERROR_CODE_NOT_FOUND, wanted.GetPattern(), "nothing matches")
	}
	return entries, nil
}

// uploadOne uploads one file, unless the server has it, from where an earlier try left off.
func (s *BlobStore) uploadOne(
	ctx context.Context, client pb.BlobsClient, root *os.Root, token string, entry *pb.FileEntry, origin Origin,
) error {
	blob := &pb.Blob{Sha256: entry.GetSha256(), Size: entry.GetSize()}
	offset, isComplete, err := s.committedBytes(ctx, client, token, blob)
	if err != nil || isComplete {
		return err
	}
	file, err := root.Open(filepath.FromSlash(string(entry.GetPath())))
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Seek(int64(offset), io.SeekStart); err != nil {
		return err
	}
	ctx, err = s.withProof(ctx, token)
	if err != nil {
		return err
	}
	return sendFile(ctx, client, file, &pb.BlobWriteRequest{
		Blob: blob, Offset: offset, RunId: origin.RunID, Attempt: origin.Attempt,
	})
}

// committedBytes asks how many bytes of a blob the server has, and whether that is all.
func (s *BlobStore) committedBytes(
	ctx context.Context, client pb.BlobsClient, token string, blob *pb.Blob,
) (offset uint64, isComplete bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	proven, err := s.withProof(ctx, token)
	if err != nil {
		return 0, false, err
	}
	answer, err := client.FindMissing(proven, &pb.FindMissingRequest{Blobs: []*pb.Blob{blob}})
	if err != nil || len(answer.GetMissing()) == 0 {
		return 0, err == nil, err
	}
	if proven, err = s.withProof(ctx, token); err != nil {
		return 0, false, err
	}
	status, err := client.Status(proven, &pb.BlobStatusRequest{Blob: blob})
	return status.GetCommitted(), status.GetComplete(), err
}

// sendFile sends the first request, then the file from its position on.
func sendFile(ctx context.Context, client pb.BlobsClient, file *os.File, first *pb.BlobWriteRequest) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := client.Write(ctx)
	if err != nil {
		return err
	}
	buffer := make([]byte, chunkBytes)
	for request := first; ; {
		err := stream.Send(request)
		if errors.Is(err, io.EOF) {
			break // The server has answered already: CloseAndRecv has the reason.
		}
		if err != nil {
			return err
		}
		read, err := file.Read(buffer)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		// Send has made its own bytes of the request when it returns: the buffer is free again.
		request = &pb.BlobWriteRequest{Data: buffer[:read]}
	}
	_, err = stream.CloseAndRecv()
	return err
}
