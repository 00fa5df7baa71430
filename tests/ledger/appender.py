"""A program that appends until it is killed, and says what was acknowledged.

Run as `python -m tests.ledger.appender URL TAG`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import count

from buildledger.ledger.ledger import Ledger
from tests.ledger.samples import CLOCK, SYSTEM, finish_log, open_log

CALLERS = 8


async def caller(ledger: Ledger, tag: str, number: int) -> None:
    for n in count():
        name = f"{tag}.{number}.{n}"
        receipt = await ledger.execute(open_log(name), finish_log(name), origin=SYSTEM)
        # one write call, so that a line is there whole or not at all
        os.write(1, f"{name} {receipt.position}\n".encode())


async def main(url: str, tag: str) -> None:
    ledger = Ledger.open(url, clock=CLOCK)
    await asyncio.gather(*[caller(ledger, tag, number) for number in range(CALLERS)])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
