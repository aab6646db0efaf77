"""Decides, before a search starts, what it will do and how long that should take."""
