"""What operators of the machine need: metrics, logs, checks, backups, and news of trouble."""
