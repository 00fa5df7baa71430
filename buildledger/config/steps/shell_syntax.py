"""What a shell, or another system, would replace in a text, and nobody replaces here: arguments arrive as they stand.

A build whose `run` list holds `&&` is green and has done half of what it says, which only a warning can tell.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

TO_SCRIPT = "'run' has no shell: use 'script'"
OPERATORS = frozenset({"&&", "||", "|", "|&", "&", ";", ">", ">>", "<", "<<", "2>", "2>>", "&>", "2>&1", ">&2", "1>&2"})
SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "fish", "cmd", "cmd.exe", "powershell", "pwsh", "pwsh.exe"})
"""Their arguments are scripts."""
_TEMPLATE = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_REDIRECTION = re.compile(r"[0-9&]?(>>?|<)[\w./~$-]+")
_VARIABLE = re.compile(r"[\w./:=@,+%-]*\$(\{\w+\}|[A-Za-z_]\w*|\(.+\))[\w./:=@,+%-]*")
_COMMAND = re.compile(r"`.+`")


def templates(text: str) -> str:
    """What is wrong with a text that another system's expression stands in; empty if there is none."""
    found = _TEMPLATE.search(text)
    return f"'{found[0]}' stays as it is: it is no expression of this format" if found else ""


def variables(text: str) -> str:
    """What is wrong with a value that a shell would expand; empty if nothing is."""
    if _VARIABLE.fullmatch(text) or _COMMAND.fullmatch(text):
        return f"'{text}' is given to the program as it is: nothing is expanded"
    return ""


def argument(argv: Sequence[object], index: int) -> str:
    """What a shell would make of an argument, and this doesn't; empty if it would leave it alone."""
    text, before = argv[index], argv[index - 1] if index else ""
    program = argv[0] if isinstance(argv[0], str) else ""
    if not isinstance(text, str) or (index and posixpath.basename(program) in SHELLS):
        return ""
    if index == 0:
        return f"the program is called '{text}', with a space: each argument is an element" if " " in text else ""
    if text in OPERATORS or _REDIRECTION.fullmatch(text):
        return f"'{text}' is given to the program as an argument"
    if text == "~" or text.startswith("~/"):
        return f"'{text}' is given to the program as it is: nothing is expanded"
    # Programs that take patterns themselves take them after an option, or with two stars.
    is_pattern = "*" in text and "**" not in text and " " not in text
    if is_pattern and not (isinstance(before, str) and before.startswith("-")):
        return f"'{text}' is given to the program as it is: no names are put in its place"
    return variables(text)
