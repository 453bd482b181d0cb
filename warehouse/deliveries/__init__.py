"""What suppliers send: intake, reading, landing, archive and inspection of deliveries."""
