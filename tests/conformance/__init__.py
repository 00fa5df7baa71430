"""Shows that the conformance kit can tell good workers from bad ones."""
