"""Policies as Python functions that return statements, by what they attach to."""
