"""Real buyers over real HTTP: the demo's race, and the load of the bench."""
