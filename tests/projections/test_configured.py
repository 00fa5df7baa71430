"""What read models keep of a configuration, and what of it they look at when another is applied."""

from __future__ import annotations

from buildledger.config.resolved import Configuration
from buildledger.config.stored import read_configuration
from buildledger.projections.configured import builder_columns
from tests.config.texts import loaded


def read(command: str) -> Configuration:
    """A configuration of two builders, one of them with this description, as a fact's text says it."""
    return read_configuration(
        loaded(f"""\
            version: 1
            builders:
              docs: {{steps: [{{run: [make, docs]}}]}}
              tests: {{description: {command}, steps: [{{run: [make, test]}}]}}
            triggers: [{{on: manual, build: [docs, tests]}}]
            """).to_json()
    )


def test_only_builders_that_changed_are_looked_at() -> None:
    """Of ten thousand builders of which one changed, one row is compared with what is known."""
    before, after = read("all of them"), read("the quick ones")
    assert list(builder_columns(before, None)) == ["docs", "tests"]
    changed = builder_columns(after, before)
    assert {name: columns["description"] for name, columns in changed.items()} == {"tests": "the quick ones"}
    assert builder_columns(after, after) == {}
