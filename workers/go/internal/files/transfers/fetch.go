package transfers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"buildledger/workers/go/internal/files"
	"buildledger/workers/go/internal/files/paths"
	pb "buildledger/workers/go/internal/workerv1"
)

// Fetch gets the files that a run needs. The FileError is that of the first file that can't be had; the error is that of ctx.
func (s *BlobStore) Fetch(ctx context.Context, dir paths.BuildDir, spec *pb.RunSpec) (*pb.FileError, error) {
	for _, wanted := range spec.GetFilesIn() {
		if err := s.fetchOne(ctx, dir, spec.GetBlobToken(), wanted); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return fileError(err, wanted.GetPath()), nil
		}
	}
	return nil, nil
}

// File types in a mode, as in st_mode.
const (
	typeMask      = 0o170000
	typeLink      = 0o120000
	typeDirectory = 0o040000
	maxLinkBytes  = 4096
)

// fetchOne makes one file, link or directory.
func (s *BlobStore) fetchOne(ctx context.Context, dir paths.BuildDir, token string, wanted *pb.FileIn) error {
	if err := dir.Create(); err != nil {
		return err
	}
	root, err := dir.OpenRoot()
	if err != nil {
		return err
	}
	defer root.Close()
	if wanted.GetMode()&typeMask == typeDirectory {
		target, err := dir.ResolveLinks(wanted.GetPath())
		if err != nil {
			return err
		}
		return root.MkdirAll(target, 0o777)
	}
	target, err := dir.Resolve(wanted.GetPath())
	if err != nil {
		return err
	}
	if err := root.MkdirAll(filepath.Dir(target), 0o777); err != nil {
		return err
	}
	if wanted.GetMode()&typeMask == typeLink {
		return s.fetchLink(ctx, root, target, token, wanted)
	}
	return files.ReplaceFile(root, target, wanted.GetMode()&^typeMask, func(file *os.File) error {
		return s.download(ctx, token, wanted, file)
	})
}

// fetchLink makes a link, of which the blob is the target.
func (s *BlobStore) fetchLink(ctx context.Context, root *os.Root, target, token string, wanted *pb.FileIn) error {
	if wanted.GetBlob().GetSize() > maxLinkBytes {
		return newTransferError(pb.FileErrorCode_FILE_ERROR_CODE_TOO_LARGE, wanted.GetPath(), "a link has %d bytes at most", maxLinkBytes)
	}
	var linkTarget bytes.Buffer
	if err := s.download(ctx, token, wanted, &linkTarget); err != nil {
		return err
	}
	// Where a backslash divides names and a colon follows a drive, a target may lead out that doesn't by its slashes.
	if filepath.Separator == '\\' && strings.ContainsAny(linkTarget.String(), `\:`) {
		return &paths.EscapesError{Path: linkTarget.String()}
	}
	return files.ReplaceByLink(root, target, filepath.FromSlash(linkTarget.String()))
}

// download writes a whole blob and verifies it. After a broken connection it continues where it was.
func (s *BlobStore) download(ctx context.Context, token string, wanted *pb.FileIn, into io.Writer) error {
	state := &downloadState{blob: wanted.GetBlob(), into: into, digest: sha256.New()}
	err := s.withRetries(ctx, wanted.GetPath(), func(ctx context.Context, client pb.BlobsClient) error {
		ctx, err := s.withProof(ctx, token)
		if err != nil {
			return err
		}
		return state.resume(ctx, client)
	})
	if err != nil {
		return err
	}
	if state.size != state.blob.GetSize() || !bytes.Equal(state.digest.Sum(nil), state.blob.GetSha256()) {
		return newTransferError(pb.FileErrorCode_FILE_ERROR_CODE_DIGEST_MISMATCH, wanted.GetPath(), "what arrived isn't what was asked for")
	}
	return nil
}

// downloadState is how far a blob was downloaded.
type downloadState struct {
	blob   *pb.Blob
	into   io.Writer
	digest hash.Hash
	size   uint64
}

// resume downloads what is missing.
func (d *downloadState) resume(ctx context.Context, client pb.BlobsClient) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := client.Read(ctx, &pb.BlobReadRequest{Blob: d.blob, Offset: d.size})
	if err != nil {
		return err
	}
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := d.into.Write(part.GetData()); err != nil {
			return err
		}
		d.digest.Write(part.GetData())
		if d.size += uint64(len(part.GetData())); d.size > d.blob.GetSize() {
			return nil // Too much; the caller checks the size.
		}
	}
}
