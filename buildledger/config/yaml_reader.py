"""YAML text → plain data that knows where each key and value stands."""

from __future__ import annotations

from buildledger.config.document import Document
from buildledger.config.yaml_events import NotQuick, NotYaml, careful_events, quick_events
from buildledger.config.yaml_pieces import Read, read_pieces
from buildledger.config.yaml_tree import Tree, Unreadable


class Reader:
    """Reads texts, and remembers the pieces of the last one: the next is probably the same file, changed a little."""

    def __init__(self) -> None:
        self._known: dict[str, Read] = {}

    def read(self, text: str, file: str) -> Document:
        """Parse a file's text. Problems are in the document; `data` is None when nothing could be read.

        What stands unchanged in the text of the last call is the same object as then.
        """
        document = Document(file=file, texts={file: text})
        found = read_pieces(text, document, self._known)
        if found is None:
            return read_whole(text, file)
        self._known = found
        return document


def read(text: str, file: str) -> Document:
    """Parse a file's text; see `Reader`."""
    return Reader().read(text, file)


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
