"""Workers: their leases and absence, and the machines that the server starts and stops for them."""
