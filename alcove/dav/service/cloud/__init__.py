"""What the Nextcloud dialect adds to WebDAV: entity tags of folders, numbers of files, chunks, the trash, versions."""
