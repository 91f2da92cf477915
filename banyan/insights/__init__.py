"""What came of sharing and selling: funnels, cascades, journeys, one order's whole story."""
