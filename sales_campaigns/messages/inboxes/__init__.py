"""Looking into mailboxes: what came, and what of ours is filed there."""
