"""The conformance kit: shows whether a program is a worker, whatever language it is written in.

`cases/*.yaml` say what a scripted server does and what must be seen; `run_case.py` does it to a worker that is given as
a command line; `report.py` says how it went. It knows a worker only by the wire, by its processes and by its files.

This room imports nothing of Build Ledger but the generated protocol: a kit that shared code with the server or with a
worker would share its mistakes.
"""
