package processes

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"buildledger/workers/go/internal/testdir"
)

var awkward = []string{
	"", " ", "two words", `a"b`, `\"`, `back\`, `back\\ slash\\`, "a&b|c>d<e^f", "(x)", "!x!", "ünïcödé", "日本語", "'", ";,=", "%PATH%", "100%",
}

// Arguments arrive unchanged, whatever is in them.
func TestArgumentsArriveUnchanged(t *testing.T) {
	want, _ := json.Marshal(awkward)
	if got := outputOf(t, newLaunch("print", awkward...)); got != string(want) {
		t.Errorf("%s instead of %s", got, want)
	}
}

// printScript is a batch file, in a directory with a space and an umlaut, that prints its arguments.
func printScript(t *testing.T) string {
	t.Helper()
	directory := filepath.Join(testdir.New(t), "grüne dir")
	script := filepath.Join(directory, "a script.bat")
	own, _ := os.Executable()
	if err := errors.Join(os.Mkdir(directory, 0o700), os.WriteFile(script, []byte("@\""+own+"\" __child print %*\r\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	return script
}

func checkBatch(t *testing.T, arguments []string) {
	t.Helper()
	launch := newLaunch("")
	launch.Argv = append([]string{printScript(t)}, arguments...)
	want, _ := json.Marshal(arguments)
	if got := outputOf(t, launch); got != string(want) {
		t.Errorf("%s instead of %s", got, want)
	}
}

// Arguments of a batch file reach what it runs unchanged.
func TestArgumentsOfBatchFileArriveUnchanged(t *testing.T) {
	checkBatch(t, slices.DeleteFunc(slices.Clone(awkward), func(argument string) bool { return strings.ContainsAny(argument, `%"`) }))
	// Programs don't agree on what follows a doubled quotation mark; see docs/windows.md.
	for _, argument := range []string{`a"b`, `\"`} {
		checkBatch(t, []string{"first", argument})
	}
}

// The real cmd.exe takes percent signs among the arguments of a batch file for themselves, and a script of several lines for UTF-8.
func TestRealShell(t *testing.T) {
	needsRealWindows(t, "the cmd.exe of Wine doesn't know substrings of nothing, %cd:~,%, and reads batch files in the machine's code page")
	checkBatch(t, []string{"%PATH%", "100%", "%%", "%1"})
	launch := newLaunch("")
	launch.Argv, launch.IsScript = []string{"cmd.exe", "/d", "/s", "/c", "@rem\necho grüße 日本"}, true
	if got := outputOf(t, launch); got != "grüße 日本" {
		t.Errorf("%q", got)
	}
}

// Variables keep their characters.
func TestVariablesAreUnicode(t *testing.T) {
	launch := newLaunch("variable", "GREETING")
	launch.Env = append(launch.Env, "GREETING=grüße 日本")
	if got := outputOf(t, launch); got != "grüße 日本" {
		t.Errorf("%q", got)
	}
}

// A script of several lines is run as a whole, and its exit code is the last one's.
func TestScriptOfSeveralLines(t *testing.T) {
	launch := newLaunch("")
	launch.Argv, launch.IsScript = []string{"cmd.exe", "/d", "/s", "/c", "echo one\necho two & echo three\nexit /b 5"}, true
	text, status, _ := ended(t, launch)
	if got := strings.Fields(text); !slices.Equal(got, []string{"one", "two", "three"}) || status.Code != 5 {
		t.Errorf("%q, %d", got, status.Code)
	}
}

// A command line of nearly 32,767 characters arrives; a longer one isn't started, and the message says why.
func TestLongCommandLines(t *testing.T) {
	launch := newLaunch("print", "")
	launch.Argv[3] = strings.Repeat("x", 32_000)
	if got := outputOf(t, launch); len(got) != 32_000+len(`[""]`) {
		t.Errorf("%d characters", len(got))
	}
	launch.Argv[3] = strings.Repeat("x", 33_000)
	checkRefused(t, launch, Resources, "32766")
}

// What cmd.exe would cut or refuse isn't handed to it.
func TestLongLinesForTheShell(t *testing.T) {
	launch := newLaunch("")
	launch.Argv = []string{printScript(t), strings.Repeat("x", 8_200)}
	checkRefused(t, launch, Resources, "8191")
	launch.Argv, launch.IsScript = []string{"cmd.exe", "/d", "/s", "/c", "echo one\necho " + strings.Repeat("x", 8_200)}, true
	checkRefused(t, launch, Resources, "8191")
}

// What can't be started is named, with the kind of failure.
func TestWhatCannotBeStarted(t *testing.T) {
	launch := newLaunch("")
	launch.Argv = []string{`missing\program.exe`}
	checkRefused(t, launch, ProgramNotFound, `missing\program.exe`)
	launch = newLaunch("print")
	launch.Dir = filepath.Join(testdir.New(t), "missing")
	checkRefused(t, launch, BadDirectory, "missing")
}

// A file that is no program isn't run as one.
func TestWhatIsNoProgram(t *testing.T) {
	needsRealWindows(t, "Wine runs text files")
	text := filepath.Join(testdir.New(t), "text.exe")
	if err := os.WriteFile(text, []byte("not a program"), 0o700); err != nil {
		t.Fatal(err)
	}
	launch := newLaunch("")
	launch.Argv = []string{text}
	checkRefused(t, launch, NotExecutable, "text.exe")
}

func checkRefused(t *testing.T, launch Launch, failure Failure, part string) {
	t.Helper()
	p, err := NewReaper("").Start(launch)
	var refusal *StartError
	switch {
	case err == nil:
		p.Stop(Kill)
		_, _ = p.Wait()
		p.KillSurvivors()
		t.Errorf("it was started: %.80q", launch.Argv)
	case !errors.As(err, &refusal) || refusal.Failure != failure || !strings.Contains(refusal.Message, part):
		t.Errorf("%#v doesn't say %s and %q", err, failure, part)
	}
}
