"""Channels of a team: one relay, and many verified identities that send through it."""
