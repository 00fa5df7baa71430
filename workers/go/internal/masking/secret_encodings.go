package masking

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// minSecretBytes: shorter values occur by chance all over any output, and masking them would only show where they are.
	minSecretBytes = 4
	minFormBytes   = 6
	// minLineBytes: a line of a longer secret has to be longer than a word, or the same word would be masked everywhere.
	minLineBytes = 8
	// encodedLines: of a secret with more lines than a key or a certificate has, only the plain ones are looked for.
	encodedLines = 100
	// whitespace is trimmed from both ends of a secret, for one more form.
	whitespace = " \t\n\r\v\f"
)

// encodings are how programs encode and quote a secret.
var encodings = [...]func(secret []byte) [][]byte{base64Forms, hexForms, urlForms, jsonForms, htmlForms, shellForms, pythonForms, utf16Forms, lineEndForms}

// secretEncodings are all forms in which secrets are recognised: plain, each line by itself, encoded and quoted.
//
// The workers in other languages make the same forms; tests/golden/masking.json has examples that all of them are tested with.
func secretEncodings(secrets [][]byte) [][]byte {
	seen := make(map[string]bool)
	var forms [][]byte
	add := func(form []byte, shortest int) {
		if len(form) >= shortest && !seen[string(form)] {
			seen[string(form)] = true
			forms = append(forms, form)
		}
	}
	for _, secret := range secrets {
		var values [][]byte
		for _, value := range [][]byte{bytes.Clone(secret), bytes.Trim(secret, whitespace)} {
			if len(value) >= minSecretBytes {
				values = append(values, value)
				add(value, minSecretBytes)
			}
		}
		lines := linesOf(secret)
		for _, line := range lines {
			add(line, minLineBytes)
		}
		if len(lines) <= encodedLines {
			values = append(values, lines...)
		}
		for _, value := range values {
			for _, encode := range encodings {
				for _, form := range encode(value) {
					add(form, minFormBytes)
				}
			}
		}
	}
	return forms
}

// linesOf are the different lines of a secret of several lines that are long enough, as they are and trimmed.
func linesOf(secret []byte) (long [][]byte) {
	lines := bytes.FieldsFunc(secret, func(r rune) bool { return r == '\n' || r == '\r' })
	if len(lines) < 2 {
		return nil
	}
	seen := make(map[string]bool)
	for _, line := range lines {
		for _, value := range [][]byte{line, bytes.Trim(line, whitespace)} {
			if len(value) >= minLineBytes && !seen[string(value)] {
				seen[string(value)] = true
				long = append(long, value)
			}
		}
	}
	return long
}

// utf16Forms are a secret as programs of Windows write text, in either order of bytes.
func utf16Forms(secret []byte) [][]byte {
	if !utf8.Valid(secret) {
		return nil
	}
	var little, big []byte
	for _, unit := range utf16.Encode([]rune(string(secret))) {
		little = binary.LittleEndian.AppendUint16(little, unit)
		big = binary.BigEndian.AppendUint16(big, unit)
	}
	return [][]byte{little, big}
}

// lineEndForms are a secret of several lines after a terminal, or a program of another system, has ended them in its own way.
func lineEndForms(secret []byte) [][]byte {
	plain := bytes.ReplaceAll(bytes.ReplaceAll(secret, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	if !bytes.Contains(plain, []byte("\n")) {
		return nil
	}
	return [][]byte{plain, bytes.ReplaceAll(plain, []byte("\n"), []byte("\r\n"))}
}

// base64Lines is where tools break lines of base64: MIME, and PEM.
var base64Lines = [...]int{76, 64}

// base64Forms are a secret's encodings in base64, whole, in lines, and inside a longer text.
func base64Forms(secret []byte) (forms [][]byte) {
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		whole := encoding.AppendEncode(nil, secret)
		forms = append(forms, whole)
		for _, width := range base64Lines {
			for start := 0; start < len(whole); start += width {
				forms = append(forms, whole[start:min(start+width, len(whole))])
			}
		}
		// Inside a longer text the secret may begin at any of three phases of base64. The characters at both ends depend on the
		// bytes beside it, and are left out.
		for phase := range 3 {
			padded := append(make([]byte, phase, phase+len(secret)), secret...)
			first, last := (phase*4+2)/3, len(padded)*4/3
			forms = append(forms, encoding.AppendEncode(nil, padded)[first:last])
		}
	}
	return forms
}

const (
	upperDigits = "0123456789ABCDEF"
	lowerDigits = "0123456789abcdef"
)

// urlSafe are the characters, beside letters and digits, that encoders leave as they are: strict ones, encodeURIComponent,
// encodeURI, encoders of paths, of parts of paths, and of forms.
var urlSafe = [...]string{"-._~", "-._~!*'()", "-._~!*'();/?:@&=+$,#", "-._~/", "-._~$&+=:@", "-._*"}

// urlForms are a secret's encodings in URLs.
func urlForms(secret []byte) (forms [][]byte) {
	for _, safe := range urlSafe {
		for _, digits := range []string{upperDigits, lowerDigits} {
			forms = append(forms, percentEncoded(secret, digits, "%20", safe), percentEncoded(secret, digits, "+", safe))
		}
	}
	return forms
}

// percentEncoded is a secret in a URL, with space as "%20" or, as in forms, "+".
func percentEncoded(secret []byte, digits, space, safe string) []byte {
	var encoded []byte
	for _, each := range secret {
		switch {
		case each == ' ':
			encoded = append(encoded, space...)
		case 'a' <= each && each <= 'z', 'A' <= each && each <= 'Z', '0' <= each && each <= '9', strings.IndexByte(safe, each) >= 0:
			encoded = append(encoded, each)
		default:
			encoded = append(encoded, '%', digits[each>>4], digits[each&15])
		}
	}
	return encoded
}

// jsonEscaped are the characters that writers of JSON escape without need: none, those that could end a script in HTML, the same
// with quotes and operators, and those that .NET escapes.
var jsonEscaped = [...]string{"", "<>&" + lineEnds, "<>&='" + lineEnds, "\"<>&'+`\x7f" + lineEnds}

const lineEnds = "\u2028\u2029"

var jsonShort = map[rune]string{'\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}

// jsonStyle is how one kind of writer encodes characters in a JSON string.
type jsonStyle struct {
	escaped, unit, slash string
	isShort              bool
	escapedFrom          rune
}

// jsonEscapedFrom are the code points from which on writers escape every character: after DEL, from DEL on, or none (UTF-8).
var jsonEscapedFrom = [...]rune{0x80, 0x7f, utf8.MaxRune + 1}

// jsonForms are a secret's encodings in JSON strings.
func jsonForms(secret []byte) (forms [][]byte) {
	for _, escaped := range jsonEscaped {
		for _, unit := range []string{`\u%04X`, `\u%04x`} {
			for _, slash := range []string{"/", `\/`} {
				for _, isShort := range []bool{true, false} {
					for _, from := range jsonEscapedFrom {
						forms = append(forms, jsonStyle{escaped, unit, slash, isShort, from}.encoded(secret))
					}
				}
			}
		}
	}
	return forms
}

func (s jsonStyle) encoded(secret []byte) []byte {
	var encoded []byte
	for rest := secret; len(rest) > 0; {
		char, size := utf8.DecodeRune(rest)
		short, isControl := jsonShort[char]
		switch {
		case char == utf8.RuneError && size == 1 && s.escapedFrom <= utf8.MaxRune:
			// As a lone surrogate, which is how bytes that aren't UTF-8 are usually represented.
			encoded = fmt.Appendf(encoded, s.unit, 0xdc00+int(rest[0]))
		case char == utf8.RuneError && size == 1:
			encoded = append(encoded, rest[0])
		case isControl && s.isShort:
			encoded = append(encoded, short...)
		case char < ' ', strings.ContainsRune(s.escaped, char):
			encoded = fmt.Appendf(encoded, s.unit, char)
		case char == '"', char == '\\':
			encoded = append(encoded, '\\', byte(char))
		case char == '/':
			encoded = append(encoded, s.slash...)
		case char >= s.escapedFrom && char > 0xffff:
			high, low := utf16.EncodeRune(char)
			encoded = fmt.Appendf(fmt.Appendf(encoded, s.unit, high), s.unit, low)
		case char >= s.escapedFrom:
			encoded = fmt.Appendf(encoded, s.unit, char)
		default:
			encoded = append(encoded, rest[:size]...)
		}
		rest = rest[size:]
	}
	return encoded
}
