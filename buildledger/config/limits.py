"""Every limit on what a configuration file may hold, so that a hostile or broken file costs little and says why."""

from __future__ import annotations

FILE_BYTES = 32 << 20
"""Size of the file. A megabyte takes some two seconds to read, check and resolve, and a hundred megabytes of memory."""
DEPTH = 32
"""Nesting of mappings and lists."""
NODES = 2_000_000
"""Mappings, lists and scalars after anchors are expanded."""
ANCHOR_NODES = 200_000
"""Of those, how many may come out of anchors: ten lines of YAML can ask for a billion."""
PROBLEMS = 200
"""Problems reported for one file; the rest are counted."""

NAME_CHARACTERS = 64
"""A builder, source, worker, lock, template, input, property or axis name."""
TEXT_CHARACTERS = 4_096
"""A title, description, argument, environment value, pattern."""
SCRIPT_CHARACTERS = 65_536
EXPRESSION_CHARACTERS = 2_000

MATRIX_AXES = 8
MATRIX_VALUES = 256
"""Values of one axis."""
MATRIX_CELLS = 1_024
"""Cells of one builder, before `exclude`."""
BUILDERS = 20_000
"""Of the whole file, matrices expanded."""
PIPELINE_BYTES = 256 << 10
"""Size of a repository's file, or of what a step generates."""
PIPELINE_BUILDERS = 1_024
"""Of such a text, at most what can be granted."""
PIPELINE_CANONICAL_BYTES = 1_000_000
"""Such a text resolved, which is stored as one fact."""
GENERATED_LOG_BYTES = 16 << 20
"""What the program of a step that generates builders may write altogether, messages on its standard error included."""
GENERATE_SECONDS = 600.0
"""How long such a program may take that says nothing else itself."""
GENERATIONS = 2
"""How deep builders may be generated: those that a step generates may generate once more."""
STEPS = 256
"""Of one builder."""
ARGUMENTS = 1_024
"""Of one argv, in the file and again when it is put together."""
INPUTS = 64
INPUT_CHARACTERS = 16_384
"""A value given to an input; for a list, all of it."""
CANONICAL_BYTES = 96 << 20
"""The resolved configuration, which is stored as one fact."""

LOCK_COUNT = 10_000
WORKER_CAPACITY = 10_000
MACHINES = 1_000
"""Workers that one entry may stand for."""
START_SECONDS = 3_600
"""A worker may take to connect; an enrollment token isn't good for longer."""
PRIORITY = 1_000_000
"""Either side of 0."""
RETRIES = 10
DURATION_SECONDS = 30 * 24 * 3600
UPLOAD_BYTES = 16 << 30
UPLOAD_DEFAULT_BYTES = 1 << 30

SECRET_BYTES = 65_536
SECRET_PLACES = 1_000
"""Secrets of Vault that stand elsewhere than their names say."""
SECRET_MASKED_BYTES_MIN = 6
"""A shorter value occurs by chance all over any output."""
CAPTURED_PROPERTY_CHARACTERS = 65_536
"""What a program may write to become a property."""
STEP_NAME_CHARACTERS = 48
"""Of a name made for a step that has none; it stands in every list."""
