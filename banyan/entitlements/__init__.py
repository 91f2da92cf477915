"""Coupons, points and price rights: what members may use, and their uses."""
