"""Why a message waits, or what became of it."""
