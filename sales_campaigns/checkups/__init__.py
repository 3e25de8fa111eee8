"""What an installation needs so that its mail leaves and arrives: looked at, and told with what to fix."""
