"""Browsers that are logged in: how they come in, how they go, and which there are."""
