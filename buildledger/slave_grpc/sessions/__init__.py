"""Sessions of connected workers: admitted, told what is desired of them, heard, and ended."""
