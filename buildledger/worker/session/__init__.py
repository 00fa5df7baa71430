"""One stream to the server: what it desires, what is reported, what is acknowledged."""
