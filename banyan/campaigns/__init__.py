"""Campaigns: what makes one share become many. A mechanic is one file in ``mechanics``.

The engine knows campaigns, instances, participations, contributions and grants; a mechanic says
what opening, joining and helping mean, and answers with effects that the engine applies in one
transaction.
"""
