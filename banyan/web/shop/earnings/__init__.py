"""What members earn, and why."""
