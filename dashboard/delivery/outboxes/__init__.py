"""What a subscriber still has to receive, channel by channel. Pure."""
