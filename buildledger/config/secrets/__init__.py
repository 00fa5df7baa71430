"""Where secrets come from: files, the environment, or Vault. Values are read when they are sent, and kept nowhere.

`settings.py` is what a configuration says, `provider.py` what all kinds offer, `providers.py` finds the kind.
"""
