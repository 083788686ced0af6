"""The routes of identity: logging in and out, the first start, passphrases, sessions."""
