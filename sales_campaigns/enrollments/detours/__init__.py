"""Another way than the campaign lays down: jump to a step, begin again, move to another campaign; and undoing that."""
