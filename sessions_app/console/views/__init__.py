"""The managers' pages, one module a part of the navigation."""
