"""What other systems call things, for people who come from them: what is wrong is said in the words of this format.

Tables of their words by the place where they are written, and how a whole file of theirs is recognised. Knows nothing
of models, documents or places in files; whoever refuses a key asks here what to say of it.
"""
