"""Commands that go on when the worker is killed: each has a supervisor, the native program `bl-run`.

The supervisor owns the processes, keeps their output in files, and writes down how they ended; docs/supervisor.md says
how it and a worker speak. This package is the worker's side of it: it starts supervisors, follows what they write into
the journal, and picks up those that an earlier worker process has left. It owns no process of a command itself.
"""
