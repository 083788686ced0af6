"""A typed HTTP client of an Alcove server: the command line, the tests and the sync client stand on it."""

from alcove_client.errors import ClientError, Refused, Unreachable
from alcove_client.operator import Operator
from alcove_client.place import Place

__all__ = ["ClientError", "Operator", "Place", "Refused", "Unreachable"]
