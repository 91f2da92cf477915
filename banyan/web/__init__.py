"""Pages, by who looks: ``shop``, ``studio``, ``desk``; ``edge`` and ``live`` stand apart."""
