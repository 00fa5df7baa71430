package runs

// defaultShell takes a script as its next argument.
var defaultShell = []string{"cmd.exe", "/d", "/s", "/c"}
