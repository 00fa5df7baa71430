"""Running builds: driving their step programs, and finishing them."""
