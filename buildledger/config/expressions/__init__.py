"""CEL: the port, the parts of a condition, and errors in words of ours."""
