"""What is different on Windows: the Go worker under Wine, against a real server on this machine."""
