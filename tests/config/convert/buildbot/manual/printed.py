"""What a manual prints → Python: placeholders are taken out, and a comma that is missing is put in."""

from __future__ import annotations

import ast
import re

_PLACEHOLDERS = (
    (re.compile(r'dirname="/[^"]*"'), "dirname=secrets_directory"),
    (re.compile(r"\bc\.(schedulers|builders|workers)\b"), r"c['\1']"),
    (re.compile(r"^(\s*)\.\.\.\s+(\S.*?)\s+\.\.\.$", re.MULTILINE), r"\1\2"),
    (re.compile(r"(?<=[\s([{,=])\.\.\.\s*,[ ]*"), ""),
    (re.compile(r",\s*\.\.\.\s*(?=[)\]}])"), ""),
    (re.compile(r"(?<=[([{])\s*\.\.\s*(?=[)\]}])"), ""),
)
"""`Scheduler(..., name='x')`: what is left out stays out."""
_COMMAS_MAX = 5


def python(text: str) -> str | None:
    """The text as Python; None if it isn't any."""
    for pattern, instead in _PLACEHOLDERS:
        text = pattern.sub(instead, text)
    for _ in range(_COMMAS_MAX):
        try:
            ast.parse(text)
        except SyntaxError as error:
            if "forgot a comma" not in error.msg or (mended := _with_comma(text, error)) is None:
                return None
            text = mended
        else:
            return text
    return None


def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _with_comma(text: str, error: SyntaxError) -> str | None:
    """With a comma at the end of the line that gets the reader further."""
    lines = text.splitlines()
    for number in range(error.lineno or 1, min(error.end_lineno or 1, len(lines)) + 1):
        tried = "\n".join([*lines[: number - 1], lines[number - 1] + ",", *lines[number:]]) + "\n"
        try:
            ast.parse(tried)
        except SyntaxError as next_error:
            if (next_error.lineno or 0) > (error.lineno or 0):
                return tried
        else:
            return tried
    return None


def bound_names(tree: ast.Module) -> list[str]:
    """What a sample gives names to, in its order."""
    names: dict[str, None] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets = [each for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name)]
            names.update(dict.fromkeys(each.id for each in targets if isinstance(each.ctx, ast.Store)))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names[node.name] = None
    return list(names)


def asked_names(tree: ast.Module) -> list[str]:
    """What a sample takes for granted: names that it uses and doesn't make itself, as far as that is seen at once."""
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    made = set(bound_names(tree)) | stored
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            made |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            made.add(node.name)
    made -= {"secrets_directory"}
    loaded = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    return list(dict.fromkeys(name for name in loaded if name not in made))


def keeping_values(tree: ast.Module) -> str:
    """The sample's text, with what its bare expressions give kept: a page shows `FixedParameter(…)` alone."""
    tree.body = [node for node in tree.body if not (isinstance(node, ast.ImportFrom) and node.module == "__future__")]
    for node in tree.body:
        if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
            call = ast.Call(ast.Attribute(ast.Name("_kept", ast.Load()), "append", ast.Load()), [node.value], [])
            node.value = ast.copy_location(call, node.value)
    return ast.unparse(ast.fix_missing_locations(tree))
