"""What WebDAV says on the wire, free of any store: XML, names in paths, conditions, locks."""
