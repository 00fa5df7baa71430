"""Workers' identity: enrollment, authentication, credentials and certificates with their renewal and expiry."""
