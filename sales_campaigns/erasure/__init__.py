"""The rights of a person over what is known of them: to see all of it, and to have it erased."""
