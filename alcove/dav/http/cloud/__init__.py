"""The routes of the Nextcloud dialect beside those of WebDAV."""
