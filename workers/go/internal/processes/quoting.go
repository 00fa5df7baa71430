package processes

import (
	"errors"
	"strings"
)

// unquotedInBatch are the characters, beside letters and digits, that need no quotation marks in a command line of cmd.exe.
const unquotedInBatch = `#$*+-./:?@\_`

// batchLine is the command line with which cmd.exe runs a batch file with exactly these arguments.
//
// cmd.exe replaces a variable in percent signs even inside quotation marks. Each percent sign is therefore preceded by an empty
// substring, `%cd:~,%`, as in Rust's standard library.
func batchLine(shell, script string, arguments []string) (string, error) {
	var line strings.Builder
	line.WriteString(quoted(shell) + ` /e:ON /v:OFF /d /c "`)
	if strings.ContainsAny(script, "\"") || strings.HasSuffix(script, `\`) {
		return "", errors.New("the name of a batch file can't hold a quotation mark or end with a backslash")
	}
	line.WriteString(`"` + script + `"`)
	for _, argument := range arguments {
		if strings.ContainsAny(argument, "\x00\r\n") {
			return "", errors.New("an argument of a batch file can't hold a line break")
		}
		line.WriteByte(' ')
		writeBatchArgument(&line, argument)
	}
	line.WriteByte('"')
	return line.String(), nil
}

// writeBatchArgument quotes one argument.
func writeBatchArgument(line *strings.Builder, argument string) {
	needsQuotes := argument == "" || strings.HasSuffix(argument, `\`) || strings.ContainsFunc(argument, func(char rune) bool {
		isWord := 'a' <= char && char <= 'z' || 'A' <= char && char <= 'Z' || '0' <= char && char <= '9'
		return !isWord && !strings.ContainsRune(unquotedInBatch, char)
	})
	if needsQuotes {
		line.WriteByte('"')
	}
	backslashes := 0
	for _, char := range argument {
		switch char {
		case '\\':
			backslashes++
		case '"':
			// Backslashes before a quotation mark are doubled for the program that gets the argument.
			line.WriteString(strings.Repeat(`\`, backslashes) + `"`)
			backslashes = 0
		case '%':
			line.WriteString("%%cd:~,")
			backslashes = 0
		default:
			backslashes = 0
		}
		line.WriteRune(char)
	}
	if needsQuotes {
		line.WriteString(strings.Repeat(`\`, backslashes) + `"`)
	}
}

// quoted is a path in quotation marks, which it can't contain.
func quoted(path string) string { return `"` + path + `"` }

// batchText is a script as the text of a batch file: with the line ends that cmd.exe needs, and without printing its lines.
func batchText(script string) string {
	lines := strings.Split(strings.ReplaceAll(script, "\r\n", "\n"), "\n")
	return "@echo off\r\n" + strings.Join(lines, "\r\n") + "\r\n"
}
