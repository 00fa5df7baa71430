"""What each version of each step program asks for: `PROGRAM.VERSION.json` holds transcripts, by step and by answers.

A file, once committed, is never changed: builds that were begun by that version are replayed by it.
`python -m tests.golden.programs.record` writes files for versions that have none.
"""
