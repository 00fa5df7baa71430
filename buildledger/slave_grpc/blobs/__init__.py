"""File transfer with workers: the blob service, and which run may read and write which file."""
