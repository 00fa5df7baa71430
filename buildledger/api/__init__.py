"""The HTTP edge: FastAPI routers (one per noun), the stream of facts, problems, access, and the dashboard's files.

It reads rows of `projections/` and turns requests into commands; it decides nothing and keeps nothing. Every answer's
shape is a class of `models/`, from which `openapi.json` is made too.
"""
