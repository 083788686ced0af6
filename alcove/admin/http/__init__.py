"""The operator API (contract-a section 10): parameters in the query string, answers in JSON:API or plain JSON."""
