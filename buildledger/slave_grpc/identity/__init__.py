"""Who a worker is: enrollment, credentials and certificates, their proof, renewal and end."""
