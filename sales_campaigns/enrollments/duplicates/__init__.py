"""The same human being twice among a team's people: finding them, and making one of two."""
