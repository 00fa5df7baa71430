"""YAML text → plain data that knows where each key and value stands."""

from __future__ import annotations

from collections.abc import Mapping

from buildledger.config.reading.document import Document
from buildledger.config.reading.yaml_events import NotQuick, NotYaml, careful_events, quick_events
from buildledger.config.reading.yaml_pieces import Read, read_pieces
from buildledger.config.reading.yaml_tree import Tree, Unreadable


class Reader:
    """Reads texts, and remembers the pieces of the last one: the next is probably the same file, changed a little."""

    def __init__(self) -> None:
        self._known: dict[str, Read] = {}

    def read(self, texts: Mapping[str, str]) -> list[Document]:
        """Parse the texts of files. Problems are in the documents; `data` is None when nothing could be read.

        What stands unchanged in the texts of the last call is the same object as then.
        """
        documents: list[Document] = []
        known: dict[str, Read] = {}
        for file, text in texts.items():
            document = Document(file=file, texts={file: text})
            found = read_pieces(text, document, self._known)
            if found is None:
                document = read_whole(text, file)
            known |= found or {}
            documents.append(document)
        self._known = known or self._known
        return documents


def read(text: str, file: str) -> Document:
    """Parse a file's text; see `Reader`."""
    return Reader().read({file: text})[0]


def read_whole(text: str, file: str) -> Document:
    """Parse a file's text in one go."""
    for events in (quick_events, careful_events):
        document = Document(file=file, texts={file: text})
        try:
            Tree(document).read(events(text))
        except NotQuick:
            continue
        except NotYaml as error:
            document.add_at(error.mark, error.code, error.message, error.hint)
            document.data = None
        except Unreadable:
            document.data = None
        break
    return document
