"""From a due row to an answer of the server: claim, gate, hand over, record."""
