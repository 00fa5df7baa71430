package processes

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"

	"golang.org/x/sys/windows"
)

// codePages are the code pages of the encodings that output can have, by their IANA names.
var codePages = map[string]uint32{
	"utf-8": 65001, "us-ascii": 20127, "iso-8859-1": 28591, "windows-1252": 1252, "windows-1251": 1251, "windows-1250": 1250,
	"ibm437": 437, "ibm850": 850, "shift_jis": 932, "gbk": 936, "euc-kr": 949, "big5": 950,
}

const (
	// maxLineUnits is the longest command line that CreateProcess takes, in UTF-16 units without the final NUL.
	maxLineUnits = 32_766
	// maxShellLineUnits is the longest line that cmd.exe takes: at its prompt, after /c, and in a batch file.
	maxShellLineUnits = 8_191
)

// commandLine is what CreateProcess gets.
type commandLine struct {
	program  string
	text     string
	script   string // A batch file that was made for it; empty: none.
	variable string // A variable to add to the command's environment; empty: none.
}

// remove removes the batch file.
func (c *commandLine) remove() {
	if c.script != "" {
		_ = os.Remove(c.script)
	}
}

// commandLineOf quotes a command so that its program gets the arguments unchanged. The error is a *StartError.
func commandLineOf(launch Launch) (*commandLine, error) {
	line, err := programLine(launch)
	if err != nil {
		return nil, err
	}
	if length := utf16Length(line.text); length > maxLineUnits {
		line.remove()
		return nil, newTooLongError("the command line", length, maxLineUnits)
	}
	page := codePages[strings.ToLower(launch.Encoding)]
	if launch.Encoding == "" {
		page = codePages["utf-8"]
	}
	own, err := os.Executable()
	if err != nil || page == 0 || page == oemCodePage() {
		return line, nil
	}
	// A new console has the machine's code page. Only a process on it can set another one before the command starts.
	// The command line goes through a variable: quoted once more it might be too long.
	return &commandLine{
		program:  own,
		text:     windows.ComposeCommandLine([]string{own, ConsoleCommand, fmt.Sprint(page), line.program}),
		script:   line.script,
		variable: lineVariable + "=" + line.text,
	}, nil
}

// utf16Length is the length of a text in UTF-16 units, as Windows counts it.
func utf16Length(text string) int { return len(utf16.Encode([]rune(text))) }

// newTooLongError says that a command line exceeds a limit of Windows.
func newTooLongError(what string, length, limit int) *StartError {
	return newStartError(Resources,
		"%s has %d characters and Windows takes at most %d: put it into a file", what, length, limit)
}

// programLine is the command line for the program itself, without a helper for the code page.
func programLine(launch Launch) (*commandLine, error) {
	program, err := lookPath(launch)
	if err != nil {
		return nil, err
	}
	if launch.IsScript {
		return scriptLine(program, launch)
	}
	switch strings.ToLower(filepath.Ext(program)) {
	case ".bat", ".cmd":
		shell, err := systemShell()
		if err != nil {
			return nil, newStartError(OtherFailure, "%v", err)
		}
		text, err := batchLine(shell, program, launch.Argv[1:])
		if err != nil {
			return nil, newStartError(OtherFailure, "%v", err)
		}
		if length := utf16Length(text); length > maxShellLineUnits {
			return nil, newTooLongError("the command line of a batch file", length, maxShellLineUnits)
		}
		return &commandLine{program: shell, text: text}, nil
	}
	return &commandLine{program: program, text: windows.ComposeCommandLine(launch.Argv)}, nil
}

// scriptLine is the command line that has the system's shell run a script: one line directly, several as a batch file.
func scriptLine(shell string, launch Launch) (*commandLine, error) {
	text := launch.Argv[len(launch.Argv)-1]
	options := strings.Join(launch.Argv[1:len(launch.Argv)-1], " ")
	for one := range strings.Lines(text) {
		if length := utf16Length(strings.TrimRight(one, "\r\n")); length > maxShellLineUnits {
			return nil, newTooLongError("a line of the script", length, maxShellLineUnits)
		}
	}
	line := &commandLine{program: shell}
	if strings.ContainsAny(strings.TrimRight(text, "\r\n"), "\r\n") {
		file, err := os.CreateTemp(launch.TempDir, "script-*.cmd")
		if err != nil {
			return nil, newStartError(Resources, "a file for the script: %v", err)
		}
		line.script = file.Name()
		_, err = file.WriteString(batchText(text))
		if closing := file.Close(); err == nil {
			err = closing
		}
		if err != nil {
			line.remove()
			return nil, newStartError(Resources, "a file for the script: %v", err)
		}
		text = quoted(line.script)
	}
	// With /s the shell removes exactly the outer quotation marks.
	line.text = quoted(shell) + " " + options + ` "` + strings.TrimRight(text, "\r\n") + `"`
	return line, nil
}

// systemShell is the path of cmd.exe.
func systemShell() (string, error) {
	directory, err := windows.GetSystemDirectory()
	if err != nil {
		return "", fmt.Errorf("the system's directory: %w", err)
	}
	return filepath.Join(directory, "cmd.exe"), nil
}
