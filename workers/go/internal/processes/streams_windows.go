package processes

import (
	"fmt"
	"os"
)

// streams are the ends of what connects the worker and a process.
type streams struct {
	child   []*os.File // Standard input, output and error as the process gets them.
	theirs  []*os.File // To be closed once it is started.
	outputs []*os.File // To be read.
	input   []*os.File // To be written to and closed, if there is something to write.
}

func openStreams(launch Launch) (*streams, error) {
	s := &streams{}
	if err := s.open(launch); err != nil {
		closeAll(s.theirs)
		closeAll(s.outputs)
		closeAll(s.input)
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
		s.theirs, s.child = append(s.theirs, null), append(s.child, null)
	} else {
		reader, writer, err := os.Pipe()
		if err != nil {
			return err
		}
		s.theirs, s.input, s.child = append(s.theirs, reader), append(s.input, writer), append(s.child, reader)
	}
	for range 2 {
		if launch.MergeStderr && len(s.outputs) > 0 {
			s.child = append(s.child, s.child[1])
			break
		}
		reader, writer, err := os.Pipe()
		if err != nil {
			return err
		}
		s.outputs, s.theirs = append(s.outputs, reader), append(s.theirs, writer)
		s.child = append(s.child, writer)
	}
	return nil
}
