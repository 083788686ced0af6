"""The routes of jobs and triggers (contract-b sections 6 and 7, endpoints-b.csv)."""
