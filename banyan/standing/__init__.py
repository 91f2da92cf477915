"""Good goods first: who may sell what, how shops keep their word, and what is taken down."""
