"""What the API answers: msgspec structs, one file per noun. The OpenAPI schemas are made of the same classes.

Every field is always sent, so none has a default; what may be missing is null.
"""
