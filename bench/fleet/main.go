// Command fleet plays many workers in one process: each has a connection, a session and heartbeats of its own, as a real worker
// has, and runs nothing. A run that it is given writes a line now and then until fleet is told to end all runs.
//
// It reads one "name token" per line from the file --tokens, enrols each worker, and connects it. On standard input it takes
// commands, one per line: "end" ends all runs; the end of the input ends the program. On standard output it says as JSON, one
// object a line, how things stand whenever that has changed.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	pb "buildledger/workers/go/internal/workerv1"
)

const (
	// The same as a real worker's.
	keepaliveTime    = 20 * time.Second
	keepaliveTimeout = 10 * time.Second
	// One worker's memory here says nothing about the server's: small buffers let 5,000 of them live in one process.
	bufferBytes = 4 << 10

	enrolling     = 64
	reportEvery   = 50 * time.Millisecond
	enrollTimeout = time.Minute
)

// standing is what is reported: workers that have been welcomed and are still connected, runs held, and sessions ever begun.
type standing struct {
	Connected atomic.Int64
	Runs      atomic.Int64
	Sessions  atomic.Int64
	Beats     atomic.Int64
	Lost      atomic.Int64
}

func main() {
	server := flag.String("server", "", "host:port of the worker service")
	tokens := flag.String("tokens", "", "file with a name and an enrollment token on each line")
	flag.Parse()
	if err := play(*server, *tokens); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

func play(server, tokens string) error {
	content, err := os.ReadFile(tokens)
	if err != nil {
		return err
	}
	var now standing
	end := make(chan struct{})
	members := make([]*member, 0, 5000)
	for line := range strings.Lines(string(content)) {
		name, token, _ := strings.Cut(strings.TrimSpace(line), " ")
		members = append(members, newMember(server, name, token, &now, end))
	}
	if err := enrollAll(server, members); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, each := range members {
		go each.keepSession(ctx)
	}
	go report(&now)
	input := bufio.NewScanner(os.Stdin)
	for once := new(sync.Once); input.Scan(); {
		if input.Text() == "end" {
			once.Do(func() { close(end) })
		}
	}
	return input.Err()
}

// enrollAll gives each member its credential, over one connection.
func enrollAll(server string, members []*member) error {
	connection, err := dial(server)
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	client, places, all := pb.NewEnrollmentClient(connection), make(chan struct{}, enrolling), sync.WaitGroup{}
	for _, each := range members {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			ctx, stop := context.WithTimeout(ctx, enrollTimeout)
			defer stop()
			request := &pb.EnrollRequest{Token: each.token, Name: each.name, Os: "linux", Arch: "x86_64", Software: software}
			answer, err := client.Enroll(ctx, request)
			if err != nil {
				cancel(fmt.Errorf("%s can't enrol: %w", each.name, err))
				return
			}
			each.workerID, each.bearer = answer.GetCredential().GetWorkerId(), answer.GetCredential().GetBearer()
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

func dial(server string) (*grpc.ClientConn, error) {
	return grpc.NewClient(
		"passthrough:///"+server,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: keepaliveTime, Timeout: keepaliveTimeout, PermitWithoutStream: true,
		}),
		grpc.WithReadBufferSize(bufferBytes),
		grpc.WithWriteBufferSize(bufferBytes),
		grpc.WithDisableRetry(),
		grpc.WithDisableServiceConfig(),
	)
}

func report(now *standing) {
	line := json.NewEncoder(os.Stdout)
	var last map[string]int64
	for range time.Tick(reportEvery) {
		current := map[string]int64{
			"connected": now.Connected.Load(), "runs": now.Runs.Load(), "sessions": now.Sessions.Load(),
			"beats": now.Beats.Load(), "lost": now.Lost.Load(),
		}
		changed := last == nil
		for key, value := range current {
			changed = changed || last[key] != value
		}
		if changed {
			last = current
			if line.Encode(current) != nil {
				return
			}
		}
	}
}
