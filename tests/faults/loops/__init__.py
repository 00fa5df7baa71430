"""Long loops of faults, for `make faults`: each module has a function that runs one, and `catalogue` lists them."""
