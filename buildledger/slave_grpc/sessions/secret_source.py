"""The port for values of secrets: asked for each time an operation is sent, kept nowhere."""

from typing import Protocol

from buildledger.events.ids import BuildId


class SecretSource(Protocol):
    """Gives the values of secrets by name, each to a build."""

    def get(self, name: str, build_id: BuildId) -> str:
        """The value of a secret for a build; may block, for it is called in a thread.

        Raises:
            LookupError: There is no such secret. The text must not hold a value.
            OSError: The source can't be read. The text must not hold a value.
        """
        ...


class NoSecrets:
    """The source of a server that was given no secrets: every look-up fails."""

    def get(self, name: str, build_id: BuildId) -> str:
        """See `SecretSource.get`."""
        raise LookupError("no source of secrets is configured")
