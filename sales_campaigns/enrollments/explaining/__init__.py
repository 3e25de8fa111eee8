"""Reads: where people stand, why, and the dates ahead."""
