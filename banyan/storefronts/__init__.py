"""Members' storefronts: chosen goods, offers, and the pool that many pages sell from."""
