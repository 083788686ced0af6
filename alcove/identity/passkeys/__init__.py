"""Passkeys: proving who it is with a device instead of the passphrase."""
