"""What several pages share: rows, cards, chips, words, filters."""
