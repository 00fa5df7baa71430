package processes

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// endOfTransmission is the character that ends the input of a terminal.
const endOfTransmission = 4

// streams are both ends of the pipes, or of the terminal, between this program and a process.
type streams struct {
	childStreams []*os.File // The process's standard input, output and error.
	childEnds    []*os.File // Closed here once the process is started.
	outputs      []*os.File // Read here.
	inputs       []*os.File // Written to and closed here; empty if there is nothing to write.
	stdin        []byte     // What is written.
}

func openStreams(launch Launch) (*streams, error) {
	s := &streams{stdin: launch.Stdin}
	open := s.openPipes
	if launch.Terminal != nil {
		open = s.openTerminal
	}
	if err := open(launch); err != nil {
		closeAll(s.childEnds)
		closeAll(s.outputs)
		closeAll(s.inputs)
		return nil, fmt.Errorf("opening the streams of a process: %w", err)
	}
	return s, nil
}

func (s *streams) openPipes(launch Launch) error {
	stdin, err := s.openInput(len(launch.Stdin) > 0)
	if err != nil {
		return err
	}
	s.childStreams = []*os.File{stdin}
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

func (s *streams) openInput(isWanted bool) (*os.File, error) {
	if !isWanted {
		null, err := os.Open(os.DevNull)
		if err == nil {
			s.childEnds = append(s.childEnds, null)
		}
		return null, err
	}
	reader, writer, err := os.Pipe()
	if err == nil {
		s.childEnds, s.inputs = append(s.childEnds, reader), append(s.inputs, writer)
	}
	return reader, err
}

func (s *streams) openTerminal(launch Launch) error {
	descriptor, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	main := os.NewFile(uintptr(descriptor), "terminal")
	s.outputs = append(s.outputs, main)
	if err := unix.IoctlSetPointerInt(descriptor, unix.TIOCSPTLCK, 0); err != nil {
		return err
	}
	number, err := unix.IoctlGetInt(descriptor, unix.TIOCGPTN)
	if err != nil {
		return err
	}
	// By unix.Open rather than os, which would make the terminal non-blocking for the process as well.
	other, err := unix.Open(fmt.Sprintf("/dev/pts/%d", number), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	side := os.NewFile(uintptr(other), "terminal")
	s.childEnds = append(s.childEnds, side)
	s.childStreams = []*os.File{side, side, side}
	size := &unix.Winsize{Row: launch.Terminal.Rows, Col: launch.Terminal.Columns}
	if err := unix.IoctlSetWinsize(other, unix.TIOCSWINSZ, size); err != nil {
		return err
	}
	if len(launch.Stdin) > 0 {
		duplicate, err := unix.FcntlInt(uintptr(descriptor), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return err
		}
		s.inputs, s.stdin = append(s.inputs, os.NewFile(uintptr(duplicate), "terminal")), terminalInput(launch.Stdin)
	}
	return nil
}

// terminalInput is input as it is typed on a terminal, followed by the end of input.
func terminalInput(input []byte) []byte {
	keys := append(bytes.Clone(input), endOfTransmission)
	if !bytes.HasSuffix(input, []byte("\n")) {
		// Within a line the first one only sends the line.
		keys = append(keys, endOfTransmission)
	}
	return keys
}
