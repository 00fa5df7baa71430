package transfers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"buildledger/workers/go/internal/files/paths"
	"buildledger/workers/go/internal/testdir"
	"buildledger/workers/go/internal/transport"
	pb "buildledger/workers/go/internal/workerv1"
)

var content = []byte("what is to be fetched")

// slowBlobs gives out a file when it is told to, and is away for the first so many questions about missing files.
type slowBlobs struct {
	pb.UnimplementedBlobsServer
	reads     atomic.Int32
	isReading chan struct{}
	goesOn    chan struct{}
	away      atomic.Int32
	questions chan struct{}
}

func (b *slowBlobs) Read(_ *pb.BlobReadRequest, stream grpc.ServerStreamingServer[pb.BlobReadResponse]) error {
	if b.reads.Add(1) == 1 {
		close(b.isReading)
	}
	select {
	case <-b.goesOn:
	case <-stream.Context().Done():
		return stream.Context().Err()
	}
	return stream.Send(&pb.BlobReadResponse{Data: content})
}

func (b *slowBlobs) FindMissing(context.Context, *pb.FindMissingRequest) (*pb.FindMissingResponse, error) {
	select {
	case b.questions <- struct{}{}:
	default:
	}
	if b.away.Add(-1) >= 0 {
		return nil, status.Error(codes.Unavailable, "away")
	}
	return &pb.FindMissingResponse{}, nil
}

// newStore is a store of blobs, and the build directory of a run.
func newStore(t *testing.T, server *slowBlobs) (*BlobStore, paths.BuildDir) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serving := grpc.NewServer()
	pb.RegisterBlobsServer(serving, server)
	go serving.Serve(listener)
	t.Cleanup(serving.Stop)
	store := NewBlobStore(func(transport.Credentials) (*grpc.ClientConn, error) {
		return grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	}, func() transport.Credentials { return transport.Credentials{} })
	t.Cleanup(store.Close)
	dir, err := paths.NewBuildDir(testdir.New(t), "build")
	if err != nil {
		t.Fatal(err)
	}
	return store, dir
}

// writing is the specification of a run that uploads what it has; it has something.
func writing(t *testing.T, dir paths.BuildDir) *pb.RunSpec {
	t.Helper()
	if err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	root, err := dir.OpenRoot()
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := root.WriteFile("out", content, 0o600); err != nil {
		t.Fatal(err)
	}
	return &pb.RunSpec{BlobToken: "token", FilesOut: []*pb.FileOut{{Pattern: []byte("out")}}}
}

// A transfer that breaks off, and is tried again, leaves those of other runs alone.
func TestTransfersOfOthersGoOn(t *testing.T) {
	server := &slowBlobs{isReading: make(chan struct{}), goesOn: make(chan struct{})}
	server.away.Store(2)
	store, dir := newStore(t, server)
	digest := sha256.Sum256(content)
	fetched := make(chan *pb.FileError)
	go func() {
		blob := &pb.Blob{Sha256: digest[:], Size: uint64(len(content))}
		failure, err := store.Fetch(t.Context(), dir, &pb.RunSpec{
			BlobToken: "token", FilesIn: []*pb.FileIn{{Blob: blob, Path: []byte("in")}},
		})
		if err != nil {
			t.Error(err)
		}
		fetched <- failure
	}()
	<-server.isReading
	if _, failure, err := store.Upload(t.Context(), dir, writing(t, dir), Origin{}, true); failure != nil || err != nil {
		t.Fatal(failure, err)
	}
	close(server.goesOn)
	if failure := <-fetched; failure != nil {
		t.Error(failure)
	}
	if reads := server.reads.Load(); reads != 1 {
		t.Errorf("the download was begun %d times", reads)
	}
	root, err := dir.OpenRoot()
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if got, err := root.ReadFile("in"); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%q, %v", got, err)
	}
}

// A run that is stopped ends also while it waits for its next try.
func TestAStopWakesATransferThatWaits(t *testing.T) {
	server := &slowBlobs{questions: make(chan struct{}, 1)}
	server.away.Store(1 << 30)
	store, dir := newStore(t, server)
	spec := writing(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, _, err := store.Upload(ctx, dir, spec, Origin{}, true)
		ended <- err
	}()
	<-server.questions
	cancel()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("a transfer that was stopped has no error")
		}
	case <-time.After(20 * time.Second):
		t.Error("a transfer that was stopped goes on")
	}
}
