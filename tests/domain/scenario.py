"""Given facts, when a command, then facts: the shape of every test of a rule."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest

from buildledger.domain.command import Aggregate, Command
from buildledger.domain.refusals import Refusal
from buildledger.events.fact import Fact


class Scenario:
    """A stream's past, and what the rules make of a command."""

    def __init__(self, aggregate: Aggregate, *past: Fact) -> None:
        self.aggregate = aggregate
        self.state: Any = reduce(aggregate.evolve, past, aggregate.initial)

    def when(self, *commands: Command) -> Answer:
        """Decide the commands one after another, each on what the former left."""
        facts: list[Fact] = []
        for command in commands:
            decided = self.aggregate.decide(self.state, command)
            self.state = reduce(self.aggregate.evolve, decided, self.state)
            facts.extend(decided)
        return Answer(tuple(facts))

    def refuses(self, command: Command, refusal: type[Refusal]) -> str:
        """The command is refused, and changes nothing; gives the text for people."""
        with pytest.raises(refusal) as caught:
            self.aggregate.decide(self.state, command)
        assert caught.value.code == refusal.code
        return str(caught.value)


class Answer:
    """The facts that were decided."""

    def __init__(self, facts: tuple[Fact, ...]) -> None:
        self.facts = facts

    def then(self, *expected: Fact) -> None:
        """Exactly these facts, in this order."""
        assert self.facts == expected

    def then_nothing(self) -> None:
        """All that was asked for was so already."""
        assert self.facts == ()
