package masking

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// shortestSecret: shorter values occur by chance all over any output, and hiding them would only show where they are.
	shortestSecret = 4
	shortestForm   = 6
)

// spellings are all forms in which secrets are recognised: as they are, by their lines, in base64, URL and JSON.
func spellings(secrets [][]byte) [][]byte {
	seen := make(map[string]bool)
	var forms [][]byte
	add := func(form []byte, shortest int) {
		if len(form) >= shortest && !seen[string(form)] {
			seen[string(form)] = true
			forms = append(forms, form)
		}
	}
	for _, secret := range secrets {
		add(bytes.Clone(secret), shortestSecret)
		add(bytes.TrimSpace(secret), shortestSecret)
		for line := range bytes.FieldsFuncSeq(secret, func(r rune) bool { return r == '\n' || r == '\r' }) {
			add(line, shortestSecret)
		}
		if len(secret) < shortestSecret {
			continue
		}
		for _, form := range encodings(secret) {
			add(form, shortestForm)
		}
	}
	return forms
}

func encodings(secret []byte) [][]byte {
	var forms [][]byte
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		forms = append(forms, encoding.AppendEncode(nil, secret))
		// Inside a longer text the secret may begin at any of three phases of base64; the characters at both ends then depend on
		// its neighbours and are left out.
		for phase := range 3 {
			padded := append(make([]byte, phase, phase+len(secret)), secret...)
			first, last := (phase*4+2)/3, len(padded)*4/3
			forms = append(forms, encoding.AppendEncode(nil, padded)[first:last])
		}
	}
	for _, digits := range []string{"0123456789ABCDEF", "0123456789abcdef"} {
		for _, safe := range urlSafe {
			forms = append(forms, percentEncoded(secret, digits, "%20", safe), percentEncoded(secret, digits, "+", safe))
		}
	}
	for _, digits := range []string{`\u%04x`, `\u%04X`} {
		forms = append(forms, jsonEncoded(secret, digits, true, false), jsonEncoded(secret, digits, false, false),
			jsonEncoded(secret, digits, true, true), jsonEncoded(secret, digits, false, true))
	}
	return forms
}

// urlSafe are the characters beside the unreserved ones that encoders of URLs leave alone: none, those of JavaScript's
// encodeURIComponent, and two usual sets for parts of a path.
var urlSafe = [...]string{"", "!*'()", "/", "$&+=:@"}

// percentEncoded is secret as a part of a URL; with "+" as space, as a part of a form.
func percentEncoded(secret []byte, digits, space, safe string) []byte {
	var encoded []byte
	for _, each := range secret {
		switch {
		case each == ' ':
			encoded = append(encoded, space...)
		case 'a' <= each && each <= 'z', 'A' <= each && each <= 'Z', '0' <= each && each <= '9',
			strings.IndexByte("-._~", each) >= 0, strings.IndexByte(safe, each) >= 0:
			encoded = append(encoded, each)
		default:
			encoded = append(encoded, '%', digits[each>>4], digits[each&15])
		}
	}
	return encoded
}

var jsonShort = map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}

// jsonEncoded is secret inside a JSON string; asciiOnly and htmlSafe as some writers of JSON prefer it.
func jsonEncoded(secret []byte, digits string, asciiOnly, htmlSafe bool) []byte {
	var encoded []byte
	for rest := secret; len(rest) > 0; {
		char, size := utf8.DecodeRune(rest)
		isInvalid := char == utf8.RuneError && size == 1
		short, isShort := jsonShort[char]
		switch {
		case isShort:
			encoded = append(encoded, short...)
		case isInvalid && asciiOnly:
			// As a lone surrogate, which is how such bytes are usually smuggled through.
			encoded = fmt.Appendf(encoded, digits, 0xdc00+int(rest[0]))
		case char < ' ', htmlSafe && (char == '<' || char == '>' || char == '&'), asciiOnly && char == 0x7f:
			encoded = fmt.Appendf(encoded, digits, char)
		case asciiOnly && char > 0xffff:
			high, low := utf16.EncodeRune(char)
			encoded = fmt.Appendf(fmt.Appendf(encoded, digits, high), digits, low)
		case asciiOnly && char > 0x7f && !isInvalid:
			encoded = fmt.Appendf(encoded, digits, char)
		default:
			encoded = append(encoded, rest[:size]...)
		}
		rest = rest[size:]
	}
	return encoded
}
