"""HTTP ends of payments: providers' messages, the way back, the page that waits."""
