"""The sending policy: who is left out of a delivery and what stops it. A rule is a name, a sentence, a condition."""
