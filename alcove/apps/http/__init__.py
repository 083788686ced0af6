"""Routes of apps, and what their own hosts answer."""
