"""Messages out (e-mail, SMS) and grouped notifications."""
