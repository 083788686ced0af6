"""Mailed links that log in."""
