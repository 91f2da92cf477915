"""What people are told: letters and codes out, grouped notifications, push, reminders."""
