"""Files of the operator for the people of a context: logos, pictures, styles."""

from alcove.assets.store import asset_documents

__all__ = ["asset_documents"]
