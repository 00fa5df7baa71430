package processes

import (
	"fmt"
	"os"
)

// streams are both ends of the pipes between this program and a process.
type streams struct {
	childStreams []*os.File // The process's standard input, output and error.
	childEnds    []*os.File // Closed here once the process is started.
	outputs      []*os.File // Read here.
	inputs       []*os.File // Written to and closed here; empty if there is nothing to write.
}

func openStreams(launch Launch) (*streams, error) {
	s := &streams{}
	if err := s.open(launch); err != nil {
		closeAll(s.childEnds)
		closeAll(s.outputs)
		closeAll(s.inputs)
		return nil, fmt.Errorf("opening the streams of a process: %w", err)
	}
	return s, nil
}

func (s *streams) open(launch Launch) error {
	if len(launch.Stdin) == 0 {
		null, err := os.Open(os.DevNull)
		if err != nil {
			return err
		}
		s.childEnds, s.childStreams = append(s.childEnds, null), append(s.childStreams, null)
	} else {
		reader, writer, err := os.Pipe()
		if err != nil {
			return err
		}
		s.childEnds, s.inputs, s.childStreams = append(s.childEnds, reader), append(s.inputs, writer), append(s.childStreams, reader)
	}
	for range 2 {
		if launch.MergeStderr && len(s.outputs) > 0 {
			s.childStreams = append(s.childStreams, s.childStreams[1])
			break
		}
		reader, writer, err := os.Pipe()
		if err != nil {
			return err
		}
		s.outputs, s.childEnds = append(s.outputs, reader), append(s.childEnds, writer)
		s.childStreams = append(s.childStreams, writer)
	}
	return nil
}
