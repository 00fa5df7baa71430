"""Names of the files in which a supervisor keeps output: one sequence of segments for each channel."""

from pathlib import Path


def segment_path(spool: Path, channel: int, number: int) -> Path:
    """The file of a channel's segment, counted from 0."""
    return spool / f"{channel}.{number:08d}"


def oldest_segments(spool: Path) -> dict[int, int]:
    """The lowest number that is on disk, by channel; nothing for a channel without segments."""
    oldest: dict[int, int] = {}
    for path in spool.iterdir() if spool.is_dir() else ():
        channel, _, number = path.name.partition(".")
        if channel.isdecimal() and number.isdecimal():
            oldest[int(channel)] = min(int(number), oldest.get(int(channel), int(number)))
    return oldest
