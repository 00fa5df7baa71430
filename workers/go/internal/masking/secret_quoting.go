package masking

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// hexForms are a secret in hexadecimal, in small and in capital letters.
func hexForms(secret []byte) [][]byte {
	lower := hex.AppendEncode(nil, secret)
	return [][]byte{lower, bytes.ToUpper(lower)}
}

// htmlQuotes and htmlApostrophes are how writers of HTML escape quotes: not at all, or by name or number.
var (
	htmlQuotes      = [...]string{`"`, "&quot;", "&#34;"}
	htmlApostrophes = [...]string{"'", "&#39;", "&#x27;", "&#039;", "&apos;"}
)

// htmlForms are a secret in HTML, as text or as the value of an attribute.
func htmlForms(secret []byte) (forms [][]byte) {
	for _, quote := range htmlQuotes {
		for _, apostrophe := range htmlApostrophes {
			replacer := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, quote, "'", apostrophe)
			forms = append(forms, []byte(replacer.Replace(string(secret))))
		}
	}
	return forms
}

// shellEscaped are what shells escape with a backslash: inside of double quotes, bash's `printf %q`, and the same with the comma.
var shellEscaped = [...]string{"\\\"$`", " \t!\"$&'()*;<>?[\\]^`{|}", " \t!\"$&'()*,;<>?[\\]^`{|}"}

// shellShort are the characters with a name of their own in $'…'.
var shellShort = map[byte]string{
	'\a': `\a`, '\b': `\b`, '\t': `\t`, '\n': `\n`, '\v': `\v`, '\f': `\f`, '\r': `\r`, 0x1b: `\E`, '\'': `\'`, '\\': `\\`,
}

// shellForms are a secret inside of single and double quotes, with backslashes, and as $'…'.
func shellForms(secret []byte) [][]byte {
	forms := [][]byte{
		bytes.ReplaceAll(secret, []byte("'"), []byte(`'\''`)),
		bytes.ReplaceAll(secret, []byte("'"), []byte(`'"'"'`)),
	}
	for _, escaped := range shellEscaped {
		var form []byte
		for _, each := range secret {
			if strings.IndexByte(escaped, each) >= 0 {
				form = append(form, '\\')
			}
			form = append(form, each)
		}
		forms = append(forms, form)
	}
	// Control characters by name or in octal; what isn't ASCII stands as it is, or in octal too.
	for _, from := range []int{0x100, 0x80} {
		var form []byte
		for _, each := range secret {
			short, isShort := shellShort[each]
			switch {
			case isShort:
				form = append(form, short...)
			case each < ' ', each == 0x7f, int(each) >= from:
				form = fmt.Appendf(form, `\%03o`, each)
			default:
				form = append(form, each)
			}
		}
		forms = append(forms, form)
	}
	return forms
}

var pythonShort = map[rune]string{'\t': `\t`, '\n': `\n`, '\r': `\r`, '\\': `\\`}

// pythonForms are a secret as Python's repr writes text, as ascii does, and as repr writes bytes; each with ' as it is, or escaped.
func pythonForms(secret []byte) (forms [][]byte) {
	for _, apostrophe := range []string{"'", `\'`} {
		for _, from := range []rune{utf8.MaxRune + 1, 0x7f} {
			form := pythonText(secret, from)
			forms = append(forms, bytes.ReplaceAll(form, []byte("'"), []byte(apostrophe)))
		}
		var form []byte
		for _, each := range secret {
			short, isShort := pythonShort[rune(each)]
			switch {
			case isShort:
				form = append(form, short...)
			case each < ' ', each >= 0x7f:
				form = fmt.Appendf(form, `\x%02x`, each)
			default:
				form = append(form, each)
			}
		}
		forms = append(forms, bytes.ReplaceAll(form, []byte("'"), []byte(apostrophe)))
	}
	return forms
}

// pythonText is a secret in a string of Python, whose characters are escaped from one code point on.
func pythonText(secret []byte, from rune) (form []byte) {
	for rest := secret; len(rest) > 0; {
		char, size := utf8.DecodeRune(rest)
		raw := rest[:size]
		rest = rest[size:]
		if char == utf8.RuneError && size == 1 {
			// As a lone surrogate, which is how bytes that aren't UTF-8 are usually represented.
			if from > utf8.MaxRune {
				form = append(form, raw...)
			} else {
				form = fmt.Appendf(form, `\u%04x`, 0xdc00+int(raw[0]))
			}
			continue
		}
		short, isShort := pythonShort[char]
		isPrinted := char >= ' ' && char < from && (char < 0x7f || char > 0xa0) && char != 0xad
		switch {
		case isShort:
			form = append(form, short...)
		case isPrinted:
			form = append(form, raw...)
		case char < 0x100:
			form = fmt.Appendf(form, `\x%02x`, char)
		case char <= 0xffff:
			form = fmt.Appendf(form, `\u%04x`, char)
		default:
			form = fmt.Appendf(form, `\U%08x`, char)
		}
	}
	return form
}
