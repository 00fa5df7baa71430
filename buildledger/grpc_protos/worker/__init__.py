"""Worker protocol; one sub-package per incompatible major version."""
