"""Workers that are away, and machines that are started and stopped for elastic ones."""
