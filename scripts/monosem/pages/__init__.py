"""The report: one static page that needs no network."""
