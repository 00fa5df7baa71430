package blobs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"

	"buildledger/workers/go/internal/builddir"
	"buildledger/workers/go/internal/fileops"
	pb "buildledger/workers/go/internal/workerv1"
)

// Fetch gets the files that a run needs, and tells what went wrong with the first that can't be had; the error is that of ctx.
func (s *Store) Fetch(ctx context.Context, dir builddir.Dir, spec *pb.RunSpec) (*pb.FileError, error) {
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

// fetchOne reads a blob beside its destination, verifies it and gives it its name. After a cut it goes on where it was.
func (s *Store) fetchOne(ctx context.Context, dir builddir.Dir, token string, wanted *pb.FileIn) error {
	if err := dir.Create(); err != nil {
		return err
	}
	target, err := dir.Inside(wanted.GetPath())
	if err != nil {
		return err
	}
	root, err := dir.Open()
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll(filepath.Dir(target), 0o777); err != nil {
		return err
	}
	return fileops.ReplaceFile(root, target, wanted.GetMode(), func(file *os.File) error {
		part := &download{blob: wanted.GetBlob(), file: file, digest: sha256.New()}
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
	})
}

// download is what of a blob has arrived.
type download struct {
	blob   *pb.Blob
	file   *os.File
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
		if _, err := d.file.Write(part.GetData()); err != nil {
			return err
		}
		d.digest.Write(part.GetData())
		if d.size += uint64(len(part.GetData())); d.size > d.blob.GetSize() {
			return nil // Too much of it; the caller sees that.
		}
	}
}
