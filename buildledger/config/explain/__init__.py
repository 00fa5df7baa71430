"""`config explain`: a builder as it is, and the place in the file that each part of it came from."""
