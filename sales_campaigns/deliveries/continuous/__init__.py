"""Stand-alone continuous deliveries: one for ever, to which each run appends whoever is new, or has changed."""
