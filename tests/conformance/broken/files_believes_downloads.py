"""Takes whatever arrives for the file that was asked for."""

from buildledger.worker.command_line import main
from buildledger.worker.files.transfers import fetch

fetch._Download.is_sound = True  # type: ignore[assignment,method-assign]
main()
