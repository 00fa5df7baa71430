"""What people wrote about a change, as it stands in the vault: one JSON text, the same for every system."""

from __future__ import annotations

import msgspec


class ChangeTexts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What people wrote: everything about a change that may have to be forgotten."""

    message: str
    """As it was committed, control characters included."""
    author: str
    """As the system writes people: `Jane Doe <jane@acme.example>`, or a bare user name."""
    committer: str
    co_authors: tuple[str, ...] = ()

    def to_text(self) -> str:
        """What is put into the vault."""
        return _encoder.encode(self).decode()

    @classmethod
    def from_text(cls, text: str) -> ChangeTexts:
        """What `to_text` wrote.

        Raises:
            msgspec.ValidationError: Msgspec.DecodeError.
        """
        return _decoder.decode(text)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(ChangeTexts)
