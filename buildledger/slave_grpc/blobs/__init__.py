"""File transfer with workers: the gRPC service `Blobs`, and which run may read and write which file."""
