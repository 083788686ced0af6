"""Routes of connectors: gathering and questions, and what is installed."""
