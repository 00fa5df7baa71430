"""Facts → answers: whether the ledger is what it was, and what was so at any of its positions.

Reads stored bytes and computes everything from them; changes nothing and believes no read model.
"""
