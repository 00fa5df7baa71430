// Package masking replaces secrets in a stream of bytes, also where one is divided between chunks.
package masking

import (
	"bytes"
	"encoding/binary"
	"slices"
)

const (
	mask = "***"
	// headBytes are the first bytes of a form, by which it is looked up; no form is shorter.
	headBytes = 4
)

// Masker replaces each occurrence of each secret in one stream by `***`.
//
// What may be the beginning of a secret is held back until more has come or the stream has ended. Of forms that begin at the same
// place the longest is masked. A Masker isn't safe for concurrent use.
type Masker struct {
	forms   map[uint32][][]byte // By their first four bytes; longest first.
	pairs   *[1 << 16 / 64]uint64
	pending []byte // Not decided yet.
}

// New makes a masker for one stream; nil if there is nothing to mask.
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

// Feed takes the next bytes of the stream, and returns those that are decided, masked. It doesn't keep data.
func (m *Masker) Feed(data []byte) []byte {
	m.pending = append(m.pending, data...)
	return m.maskPending(false)
}

// Finish returns the rest at the end of the stream, masked.
func (m *Masker) Finish() []byte { return m.maskPending(true) }

// maskPending masks the pending bytes as far as they are decided; all of them at the end of the stream.
func (m *Masker) maskPending(isEnd bool) []byte {
	data := m.pending
	masked := make([]byte, 0, len(data))
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
		masked = append(append(masked, data[begin:at]...), mask...)
		at += length
		begin = at
	}
	masked = append(masked, data[begin:at]...)
	m.pending = append([]byte(nil), data[at:]...)
	return masked
}

// match is the length of the longest form with which data begins; 0 if there is none. It is undecided if more data could make a
// longer one.
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

// isFormPrefix reports whether a form begins with data, which is shorter than headBytes.
func (m *Masker) isFormPrefix(data []byte) bool {
	for _, same := range m.forms {
		if bytes.HasPrefix(same[0], data) {
			return true
		}
	}
	return false
}
