"""Whether a task was cancelled: calls of grpcio say so when they weren't, and keep silent when they were."""

import asyncio


def is_cancelled() -> bool:
    """Whether somebody has cancelled the current task.

    A call of grpcio raises CancelledError also when its channel was closed or its requests couldn't be made, which is
    an error of the line like any other.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def raise_if_cancelled() -> None:
    """Go on only if nobody has cancelled the current task; for after a call.

    A stream that is cancelled while it is being prepared, as when the server doesn't answer, takes the cancellation for
    its own and ends with an error of the line.
    """
    if is_cancelled():
        raise asyncio.CancelledError
