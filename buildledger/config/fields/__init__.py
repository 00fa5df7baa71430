"""What single entries of a file may be: types of values, value nodes, and the base of all models."""
