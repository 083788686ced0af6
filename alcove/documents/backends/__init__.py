"""Where documents lie: in SQLite files, or in memory."""
