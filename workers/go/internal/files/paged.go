package files

import (
	"google.golang.org/protobuf/proto"

	pb "buildledger/workers/go/internal/workerv1"
)

// maxResultBytes of entries stand in one result: it is an event, which must fit into a message.
const maxResultBytes = 96 << 10

// Paged divides entries among results that each fit into a message; there is at least one result.
func Paged(entries []*pb.FileEntry) []*pb.FileResult {
	result := &pb.FileResult{}
	results := []*pb.FileResult{result}
	size := 0
	for _, entry := range entries {
		if size += proto.Size(entry) + 8; size > maxResultBytes && len(result.Entries) > 0 {
			result = &pb.FileResult{}
			results = append(results, result)
			size = proto.Size(entry)
		}
		result.Entries = append(result.Entries, entry)
	}
	return results
}
