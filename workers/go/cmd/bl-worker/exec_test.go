package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	pb "buildledger/workers/go/internal/workerv1"
)

// The command line of a single run becomes settings, and what is wrong with it is told.
func TestExecArgumentsAreRead(t *testing.T) {
	var out strings.Builder
	settings, err := parseExec(strings.Fields("--work w --chunk-bytes 4096 --lock l"), &out)
	if err != nil || !filepath.IsAbs(settings.WorkDir) || settings.ChunkBytes != 4096 || settings.Lock != "l" {
		t.Errorf("%+v, %v", settings, err)
	}
	for line, want := range map[string]string{
		"":                            "--work is missing",
		"--hello":                     "--work is missing",
		"--work w --chunk-bytes 4095": "--chunk-bytes 4095 isn't from 4096 to 245760",
		"--work w surplus":            "surplus",
		"--wrk w":                     "-wrk",
	} {
		if _, err := parseExec(strings.Fields(line), &out); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// A worker that has its runs carried out learns what to say about itself.
func TestExecSaysHello(t *testing.T) {
	var out strings.Builder
	if _, err := parseExec([]string{"--hello", "--work", t.TempDir()}, &out); !errors.Is(err, errHelpShown) {
		t.Fatal(err)
	}
	hello := &pb.Hello{}
	if err := proto.Unmarshal([]byte(out.String()), hello); err != nil {
		t.Fatal(err)
	}
	if hello.GetProtoMax() != 1 || hello.GetBootId() == "" || hello.GetInstanceId() == "" || len(hello.GetFeatures()) == 0 {
		t.Errorf("%v", hello)
	}
}
