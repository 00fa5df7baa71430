"""Files of a build directory: path checks, file operations, listings and transfers."""
