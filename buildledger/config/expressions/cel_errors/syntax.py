"""What isn't CEL: signs and words of other languages, brackets and quotes that aren't closed."""

from __future__ import annotations

import re

from buildledger.config.expressions.cel_errors.found import Found, Said, short

_WORDS = {
    "and": Said("'and' is written '&&'"),
    "or": Said("'or' is written '||'"),
    "is": Said("'is' is written '=='"),
    "like": Said(
        "there is no 'like'", "write change.branch.startsWith('…'), .endsWith('…'), .contains('…') or .matches('…')"
    ),
    "then": Said("there is no 'then'", "write CONDITION ? ONE : OTHER"),
    "else": Said("there is no 'else'", "write CONDITION ? ONE : OTHER"),
    "xor": Said("there is no 'xor'", "write A != B"),
    "eq": Said("'eq' is written '=='"),
    "ne": Said("'ne' is written '!='"),
}
_METHODS = {"startswith": "startsWith", "endswith": "endsWith", "contains": "contains", "matches": "matches"}
_RESERVED = {
    "if": Said("there is no 'if'", "write the condition alone, or CONDITION ? ONE : OTHER"),
    "else": Said("there is no 'else'", "write CONDITION ? ONE : OTHER"),
    "return": Said("there is no 'return'", "an expression is its own value: write it alone"),
    "for": Said("there is no 'for'", "write change.files.exists(f, …) or .all(f, …)"),
}
_SIGNS = {
    "=~": Said("'=~' isn't known", "write change.branch.matches('…')"),
    "=>": Said("'=>' isn't known", "the name and the condition stand with a comma between: exists(f, …)"),
    "~": Said("'~' isn't known", "write change.branch.matches('…')"),
    "&": Said("'&' is written '&&'"),
    "|": Said("'|' is written '||'"),
    ";": Said("an expression has no ';'", "take it out"),
    "#": Said("'#' begins no comment here", "a comment begins with //"),
    "`": Said("a text stands in quotes, ' or \"", "replace the backquotes"),
    "\\": Said("'\\' means something in a text only", "a text stands in quotes"),
    "@": Said("'@' means nothing here", "a text stands in quotes: '@…'"),
}
_QUOTES = "‘’‚“”„«»"
_ESCAPE = re.compile(r"""\\(?![abfnrtv\\?"'`]|[0-3][0-7]{2}|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})(.)""")
_OPENING = {"(": ")", "[": "]", "{": "}"}
_OPERATORS = frozenset(
    {"&&", "||", "==", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "%", "!", "?", ":", "in", ",", "."}
)


def reserved(word: str) -> Said:
    """A word that the language keeps for itself."""
    return _RESERVED.get(word, Said(f"'{word}' is a word that the expression language keeps for itself"))


def syntax(found: Found) -> Said:
    """What the parser or its lexer doesn't understand."""
    rest = found.rest
    if "${{" in found.source or found.source.lstrip().startswith("{{"):
        return Said("'{{ … }}' belongs to another system", "an expression stands by itself: change.branch == 'main'")
    if variable := re.match(r"\$[{(]?\w*[})]?", rest):
        known = "names are change.branch, inputs.NAME, properties.NAME and the like"
        return Said(f"'{short(variable[0])}' is a variable of a shell, which expressions don't know", known)
    if rest[:1] in _QUOTES and rest:
        return Said(f"the quote {rest[0]} isn't one of the language's", "a text stands in ' or \"")
    return _word(found) or _text(found) or _sign(found) or _bracket(found) or _operand(found)


def _word(found: Found) -> Said | None:
    word, previous = found.token, found.previous
    if previous.lower() == "not" or (word.lower() == "not" and found.rest.lower().lstrip().startswith("not in")):
        return Said("'not' is written '!'", "for example !(change.branch in ['main'])")
    if previous in _RESERVED:
        return _RESERVED[previous]
    if word.lower() == "is" and re.match(r"is\s+not\b", found.rest.lstrip(), re.IGNORECASE):
        return Said("'is not' is written '!='")
    if word.lower() in _WORDS:
        return _WORDS[word.lower()]
    if (method := _METHODS.get(word.lower())) and not found.before.rstrip().endswith("."):
        argument = re.match(r"\w+\s+('[^']*'|\"[^\"]*\")", found.rest.lstrip())
        return Said(f"'{word}' is a function", f"write {short(previous)}.{method}({argument[1] if argument else '…'})")
    return None


def _text(found: Found) -> Said | None:
    """A text that isn't closed, has an escape that isn't one, or ends too early."""
    rest = found.rest
    if rest[:1] in ("'", '"'):
        quote = rest[0]
        line = rest.partition("\n")[0]
        if escape := _ESCAPE.search(line):
            return Said(
                f"'\\{escape[1]}' means nothing in a text",
                f"write r{quote}…{quote} for a text without escapes, or \\\\{escape[1]}",
            )
        if quote not in line[1:]:
            return Said(f"this text has no end: a {quote} is missing")
    if found.previous[:1] in ("'", '"') and found.before[-1:] in ("'", '"') and re.match(r"\w", rest):
        other = '"' if found.before[-1] == "'" else "'"
        return Said(
            "the text ends at this quote, and more stands behind it",
            f"put a text with {found.before[-1]} in it into {other}",
        )
    return None


def _sign(found: Found) -> Said | None:
    rest, before = found.rest, found.before.rstrip()
    if rest.startswith(">") and before.endswith("<"):
        return Said("'<>' is written '!='")
    if found.token in _OPERATORS:
        return None
    for sign, said in _SIGNS.items():
        if rest.startswith(sign):
            return said
    if rest.startswith("="):
        if before.endswith("=="):
            return Said("'===' is written '=='")
        return Said("'=' compares nothing: it is written '=='") if not before.endswith("~") else _SIGNS["=~"]
    return None


def _bracket(found: Found) -> Said | None:
    if missing := re.search(r"missing '(.)' at", found.text):
        return Said(f"a '{missing[1]}' is missing")
    sign, opened = found.token, _opened(found.before)
    wanted = _OPENING[opened[-1]] if opened else ""
    if sign == "," and "expecting ')'" in found.text:
        return Said("several values in ( ) aren't a list", "a list is written with [ ]: change.branch in ['a', 'b']")
    if found.previous in _OPERATORS:
        return None
    if sign in _OPENING.values() and wanted != sign:
        return Said(f"a '{wanted}' is missing before '{sign}'" if opened else f"there is one '{sign}' too many")
    if sign == "" and "expecting ':'" in found.text:
        return Said("after '?' two values stand, with a ':' between", "write CONDITION ? ONE : OTHER")
    if sign == "" and opened:
        return Said(f"a '{wanted}' is missing", f"there is a '{opened[-1]}' that nothing closes")
    return None


def _operand(found: Found) -> Said:
    sign, previous = found.token, found.previous
    if "no viable alternative" in found.text or (previous.endswith(".") and not sign):
        return Said("a name is missing after the '.'")
    if not sign and previous in ("(", "[", "{"):
        return Said(f"the '{previous}' isn't closed", f"a '{_OPENING[previous]}' is missing")
    if not sign:
        return Said(f"something is missing after '{previous}'" if previous else "the expression is empty")
    if not previous and sign in _OPERATORS:
        return Said(f"something is missing before '{sign}'")
    if previous in _OPERATORS or previous in ("(", "[", "{"):
        return Said(f"a value is missing between '{previous}' and '{short(sign)}'")
    return Said(
        f"between '{short(previous)}' and '{short(sign)}' an operator is missing",
        "such as ==, && or ||; a text stands in quotes",
    )


def _opened(text: str) -> list[str]:
    """The brackets that aren't closed, texts left out."""
    stack: list[str] = []
    for sign in re.sub(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", "", text):
        if sign in _OPENING:
            stack.append(sign)
        elif stack and sign == _OPENING[stack[-1]]:
            stack.pop()
    return stack
