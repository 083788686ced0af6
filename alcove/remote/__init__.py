"""What apps ask of other servers: requests that the operator defined, made by the server and written down."""

from alcove.remote.service import Definitions

__all__ = ["Definitions"]
