"""`python -m buildledger` is `buildledger`."""

from buildledger.worker import interrupts


def main() -> None:
    """Run the command line; a signal that comes while it is still being loaded ends it as clearly as later."""
    interrupts.take_over()
    from buildledger.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
