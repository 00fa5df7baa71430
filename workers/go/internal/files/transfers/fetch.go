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

	"buildledger/workers/go/internal/files"
	"buildledger/workers/go/internal/files/paths"
	pb "buildledger/workers/go/internal/workerv1"
)

// Fetch gets the files that a run needs, and tells what went wrong with the first that can't be had; the error is that of ctx.
func (s *Store) Fetch(ctx context.Context, dir paths.Dir, spec *pb.RunSpec) (*pb.FileError, error) {
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

// Types in the mode of a file, as in st_mode.
const (
	typeMask      = 0o170000
	typeLink      = 0o120000
	typeDirectory = 0o040000
	longestLink   = 4096
)

// fetchOne makes what is wanted: a file, a link or a directory.
func (s *Store) fetchOne(ctx context.Context, dir paths.Dir, token string, wanted *pb.FileIn) error {
	if err := dir.Create(); err != nil {
		return err
	}
	root, err := dir.Open()
	if err != nil {
		return err
	}
	defer root.Close()
	if wanted.GetMode()&typeMask == typeDirectory {
		target, err := dir.Followed(wanted.GetPath())
		if err != nil {
			return err
		}
		return root.MkdirAll(target, 0o777)
	}
	target, err := dir.Inside(wanted.GetPath())
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
		return s.receive(ctx, token, wanted, file)
	})
}

// fetchLink reads what is to stand in a link, makes the link beside its destination and gives it its name.
func (s *Store) fetchLink(ctx context.Context, root *os.Root, target, token string, wanted *pb.FileIn) error {
	if wanted.GetBlob().GetSize() > longestLink {
		return failed(pb.FileErrorCode_FILE_ERROR_CODE_TOO_LARGE, wanted.GetPath(), "a link has %d bytes at most", longestLink)
	}
	var pointsTo bytes.Buffer
	if err := s.receive(ctx, token, wanted, &pointsTo); err != nil {
		return err
	}
	return files.ReplaceByLink(root, target, filepath.FromSlash(pointsTo.String()))
}

// receive writes a whole blob and verifies it. After a cut it goes on where it was.
func (s *Store) receive(ctx context.Context, token string, wanted *pb.FileIn, into io.Writer) error {
	part := &download{blob: wanted.GetBlob(), into: into, digest: sha256.New()}
	err := s.persistently(ctx, wanted.GetPath(), func(ctx context.Context) error {
		client, err := s.client()
		if err != nil {
			return err
		}
		ctx, err = s.proven(ctx, token)
		if err != nil {
			return err
		}
		return part.goOn(ctx, client)
	})
	if err != nil {
		return err
	}
	if part.size != part.blob.GetSize() || !bytes.Equal(part.digest.Sum(nil), part.blob.GetSha256()) {
		return failed(pb.FileErrorCode_FILE_ERROR_CODE_DIGEST_MISMATCH, wanted.GetPath(), "what arrived isn't what was asked for")
	}
	return nil
}

// download is what of a blob has arrived.
type download struct {
	blob   *pb.Blob
	into   io.Writer
	digest hash.Hash
	size   uint64
}

func (d *download) goOn(ctx context.Context, client pb.BlobsClient) error {
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
			return nil // Too much of it; the caller sees that.
		}
	}
}
