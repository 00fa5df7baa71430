package processes

import "testing"

// Arguments of batch files reach them unchanged, whatever cmd.exe would make of them.
func TestArgumentsOfBatchFilesAreQuoted(t *testing.T) {
	for argument, want := range map[string]string{
		"plain":       `plain`,
		"":            `""`,
		"two words":   `"two words"`,
		`a"b`:         `"a""b"`,
		`a\"b`:        `"a\\""b"`,
		`back\`:       `"back\\"`,
		"%PATH%":      `"%%cd:~,%PATH%%cd:~,%"`,
		"a&calc.exe":  `"a&calc.exe"`,
		"ünïcödé":     `"ünïcödé"`,
		"caret^":      `"caret^"`,
		"(a|b)>c<d!e": `"(a|b)>c<d!e"`,
	} {
		got, err := batchLine(`C:\cmd.exe`, `C:\a b\x.bat`, []string{argument})
		if full := `"C:\cmd.exe" /e:ON /v:OFF /d /c ""C:\a b\x.bat" ` + want + `"`; err != nil || got != full {
			t.Errorf("%q: %s, %v; not %s", argument, got, err, full)
		}
	}
}

// What can't be passed to a batch file is refused instead of being changed.
func TestLineBreaksInBatchArgumentsAreRefused(t *testing.T) {
	if line, err := batchLine("cmd", "x.bat", []string{"a\nb"}); err == nil {
		t.Errorf("%s", line)
	}
}

// A script of several lines becomes a batch file with the line ends of its system.
func TestScriptsBecomeBatchFiles(t *testing.T) {
	if got := batchText("one\r\ntwo\nthree"); got != "@echo off\r\none\r\ntwo\r\nthree\r\n" {
		t.Errorf("%q", got)
	}
}
