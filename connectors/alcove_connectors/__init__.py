"""Connectors that come with Alcove, and the kit they are written with; they talk HTTP and never import the server."""
