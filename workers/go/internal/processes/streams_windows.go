package processes

import (
	"fmt"
	"os"
)

// streams are the ends of what connects the worker and a process.
type streams struct {
	childStreams []*os.File // Standard input, output and error as the process gets them.
	childEnds    []*os.File // To be closed once it is started.
	outputs      []*os.File // To be read.
	inputs       []*os.File // To be written to and closed, if there is something to write.
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
