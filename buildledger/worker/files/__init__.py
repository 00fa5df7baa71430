"""Files of a build directory: paths kept inside it, file operations, listings, transfers."""
