"""What came of the work: by rep, by campaign, by content, in a period and beside the one before."""
