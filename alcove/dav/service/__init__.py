"""What WebDAV does, free of HTTP: trees, properties, locks."""
