"""Kill, pause and race the real product while it sends; the receiving server's own log is the judge."""
