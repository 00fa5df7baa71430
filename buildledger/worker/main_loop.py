"""Running asyncio so that a signal comes where the program can deal with it, and never inside asyncio itself."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

from buildledger.worker import interrupts

T = TypeVar("T")


def run(
    main: Callable[[], Coroutine[Any, Any, T]], *, loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
) -> T:
    """Run a coroutine to its end, as `asyncio.run` does; a signal at any moment cancels it, and it is waited for.

    Python's own answer to Ctrl-C is there only while the coroutine runs: before and after, the event loop is left half
    made, and the coroutine never awaited.

    Raises:
        Interrupted: A signal has come that `main` didn't handle.
    """
    with interrupts.Held() as held, asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(_cancelled_by_signals(main, held))


async def _cancelled_by_signals(main: Callable[[], Coroutine[Any, Any, T]], held: interrupts.Held) -> T:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def ask(number: int) -> None:
        held.ask(number)
        if held.count == 1:
            task.cancel()

    signals = interrupts.taken()
    for number in signals:
        loop.add_signal_handler(number, partial(ask, number))
    try:
        if held.count:  # by a signal that came before there was a task
            raise asyncio.CancelledError
        return await main()
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
            interrupts.take(number)


@contextlib.contextmanager
def handled(actions: Mapping[signal.Signals, Callable[[], object]]) -> Iterator[None]:
    """Do this when a signal comes, in the running event loop; after it, nothing: the end is under way then."""
    loop = asyncio.get_running_loop()
    for number, action in actions.items():
        loop.add_signal_handler(number, action)
    try:
        yield
    finally:
        for number in actions:
            if interrupts.is_taken_over():
                loop.add_signal_handler(number, _nothing)
            else:
                loop.remove_signal_handler(number)


def _nothing() -> None:
    """It ends already."""
