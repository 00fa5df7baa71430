// Package masking hides secrets in a stream of bytes, whatever the borders of its chunks.
package masking

import (
	"bytes"
	"encoding/binary"
	"slices"
)

const (
	mask = "***"
	// headBytes is how much of a form leads to it; no form is shorter.
	headBytes = 4
)

// Masker replaces each occurrence of each secret in one stream by `***`.
//
// What might be the beginning of a secret is held back until more has come or the stream has ended. Of forms that begin at the
// same place the longest is taken. A Masker isn't safe for concurrent use.
type Masker struct {
	forms   map[uint32][][]byte // By their first four bytes; longest first.
	pairs   *[1 << 16 / 64]uint64
	pending []byte
}

// New makes a masker for one stream; nil if there is nothing to hide.
func New(secrets [][]byte) *Masker {
	forms := secretEncodings(secrets)
	if len(forms) == 0 {
		return nil
	}
	m := &Masker{forms: make(map[uint32][][]byte), pairs: new([1 << 16 / 64]uint64)}
	for _, form := range forms {
		head := binary.LittleEndian.Uint32(form)
		m.forms[head] = append(m.forms[head], form)
		pair := binary.LittleEndian.Uint16(form)
		m.pairs[pair/64] |= 1 << (pair % 64)
	}
	for _, same := range m.forms {
		slices.SortFunc(same, func(a, b []byte) int { return len(b) - len(a) })
	}
	return m
}

// Feed returns what can be shown after data has come. The result is valid until the next call; data isn't kept.
func (m *Masker) Feed(data []byte) []byte {
	m.pending = append(m.pending, data...)
	return m.maskPending(false)
}

// Finish returns what is left at the end of the stream.
func (m *Masker) Finish() []byte { return m.maskPending(true) }

// maskPending masks what is held, as far as it is decided.
func (m *Masker) maskPending(isEnd bool) []byte {
	data := m.pending
	shown := make([]byte, 0, len(data))
	begin, at := 0, 0
	for at < len(data) {
		length, isUndecided := m.match(data[at:], isEnd)
		if isUndecided {
			break
		}
		if length == 0 {
			at++
			continue
		}
		shown = append(append(shown, data[begin:at]...), mask...)
		at += length
		begin = at
	}
	shown = append(shown, data[begin:at]...)
	m.pending = append([]byte(nil), data[at:]...)
	return shown
}

// match is the length of the form that data begins with, 0 if there is none. It is open if more data could make a (longer) one.
func (m *Masker) match(data []byte, isEnd bool) (length int, isUndecided bool) {
	if len(data) < headBytes {
		return 0, !isEnd && m.isFormPrefix(data)
	}
	pair := binary.LittleEndian.Uint16(data)
	if m.pairs[pair/64]&(1<<(pair%64)) == 0 {
		return 0, false
	}
	for _, form := range m.forms[binary.LittleEndian.Uint32(data)] {
		if bytes.HasPrefix(data, form) {
			return len(form), false
		}
		if !isEnd && len(data) < len(form) && bytes.HasPrefix(form, data) {
			return 0, true
		}
	}
	return 0, false
}

// isFormPrefix tells whether a form begins with the few bytes of data.
func (m *Masker) isFormPrefix(data []byte) bool {
	for _, same := range m.forms {
		if bytes.HasPrefix(same[0], data) {
			return true
		}
	}
	return false
}
