"""Another version of a running campaign: what it means, and the change."""
