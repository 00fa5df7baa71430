"""Tools for tests are tested as well."""
