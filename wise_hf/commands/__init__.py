"""What the console command and the scripts do."""
