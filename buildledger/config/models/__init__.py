"""The file format as pydantic models, one file a section; `file_models.py` is the whole file."""
