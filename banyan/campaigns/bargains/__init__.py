"""What a bargain asks for, and what its page says; the mechanic itself is ``bargain``."""
