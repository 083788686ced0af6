"""Passwords of their own for devices that speak no OAuth."""
