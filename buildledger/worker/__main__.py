"""`python -m buildledger.worker` is `buildledger-worker`."""

from buildledger.worker import interrupts


def main() -> int:
    """Be a worker, and return the exit code; a signal that comes while it is still being loaded ends it clearly."""
    interrupts.take_over()
    from buildledger.worker.command_line import main as run

    return run()


if __name__ == "__main__":
    raise SystemExit(main())
