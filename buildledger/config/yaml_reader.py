"""YAML text → plain data that knows where each key and value stands; anchors are expanded within limits."""

from __future__ import annotations

from typing import Any

from buildledger.config import limits, scalars
from buildledger.config.document import Document, Mark
from buildledger.config.problems import Path
from buildledger.config.yaml_tree import Node, Tree, Unreadable


def read(text: str, file: str) -> Document:
    """Parse a file's text. Problems are in the document; `data` is None when nothing could be read."""
    document = Document(file=file)
    try:
        root = Tree(document).build(text)
        if root is not None:
            document.data = _Expansion(document).expand(root, ())
            document.values.setdefault((), root.mark)
    except Unreadable:
        document.data = None
    return document


class _Expansion:
    """Nodes → data, with marks; counts what anchors bring forth."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.nodes = 0
        self.anchor_nodes = 0

    def expand(self, node: Node, path: Path, *, mark: Mark | None = None, aliased: bool = False) -> Any:
        """The data of a node, which stands at `path`; `mark` is the alias's if it is reached through one."""
        self._count(node, path, mark or node.mark, aliased=aliased)
        self.document.values[path] = mark or node.mark
        if node.kind == "scalar":
            if node.indent is not None:
                self.document.indents[path] = node.indent
            return node.scalar
        if node.kind == "list":
            return [
                self.expand(
                    child,
                    (*path, index),
                    mark=node.alias_marks.get(index),
                    aliased=aliased or index in node.alias_marks,
                )
                for index, (_, child) in enumerate(node.children)
            ]
        result: dict[str, Any] = {}
        for index, (key, child) in enumerate(node.children):
            name = self._key(key, path)
            if name is None:
                continue
            if name in result:
                first = self.document.keys[(*path, name)]
                self.document.add_at(
                    key.mark if key else node.mark,
                    "duplicate-key",
                    f"the key '{name}' stands here twice",
                    f"the first is on line {first.line}",
                    path=(*path, name),
                )
                continue
            self.document.keys[(*path, name)] = key.mark if key else node.mark
            alias_mark = node.alias_marks.get(index)
            result[name] = self.expand(child, (*path, name), mark=alias_mark, aliased=aliased or alias_mark is not None)
        return result

    def _key(self, key: Node | None, path: Path) -> str | None:
        assert key is not None
        if key.plain and key.source == "<<":
            self.document.add_at(
                key.mark,
                "merge-key",
                "'<<' isn't part of the format",
                "repeat the keys, or use a template",
                path=path,
            )
            return None
        if key.kind == "scalar" and isinstance(key.scalar, str):
            return key.scalar
        if key.kind == "scalar" and key.scalar is not None:
            message = f"{key.source} as a key was read as {scalars.describe(key.scalar)}: quote it"
            self.document.add_at(key.mark, "key-type", message, path=path)
            return key.source
        self.document.add_at(key.mark, "key-type", "keys are text", path=path)
        return None

    def _count(self, node: Node, path: Path, mark: Mark, *, aliased: bool) -> None:
        self.nodes += 1
        self.anchor_nodes += aliased
        if len(path) > limits.DEPTH:
            fault = "limit-depth", f"mappings and lists are nested deeper than {limits.DEPTH} levels"
        elif self.anchor_nodes > limits.ANCHOR_NODES:
            fault = "limit-anchors", f"anchors expand to more than {limits.ANCHOR_NODES} values"
        elif self.nodes > limits.NODES:
            fault = "limit-nodes", f"the file has more than {limits.NODES} keys and values"
        else:
            return
        self.document.add_at(mark, *fault, path=path)
        raise Unreadable
