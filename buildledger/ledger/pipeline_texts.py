"""The texts of pipelines that repositories define, out of the ledger."""

from __future__ import annotations

from collections.abc import Callable

from buildledger.domain import pipeline
from buildledger.events.ids import pipeline_id
from buildledger.ledger.ledger import Ledger


def pipeline_texts(ledger: Ledger) -> Callable[[str], str]:
    """Gives the text of a pipeline by its digest; blocks, and raises KeyError if it was never seen."""

    def text_of(digest: str) -> str:
        state, _ = ledger.load(pipeline.AGGREGATE, pipeline_id(digest))
        if state.defined is None:
            raise KeyError(f"it isn't in the ledger: {digest}")
        text: str = state.defined.text
        return text

    return text_of
