"""WebDAV over a person's files: properties, locks, and the methods that can be mounted under a prefix."""
