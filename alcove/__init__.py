"""Alcove: a personal cloud, one place per person."""
