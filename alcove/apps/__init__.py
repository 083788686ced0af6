"""Web apps: which are installed, and serving each on its own host."""

from alcove.apps.service import Apps

__all__ = ["Apps"]
