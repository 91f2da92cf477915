"""What a code for friends asks for, and how it goes; the mechanic itself is ``referral``."""
