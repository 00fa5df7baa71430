"""What the recorded histories tell: together they hold a fact of every name in the catalogue, with every field."""
