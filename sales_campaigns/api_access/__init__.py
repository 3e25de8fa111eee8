"""Programs that act for a user: their tokens, and the answers kept for a request that is sent twice."""
