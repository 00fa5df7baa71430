"""Sessions of connected workers: admission, desired state, run events, and the end."""
