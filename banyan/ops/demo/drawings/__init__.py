"""Pictures for the demo, drawn by code: still lifes, faces and shop covers.

Flat shapes in six families of colour. The same kind, seed and size give the same pixels in
every run; nothing is read from disk or network. Pictures show no real person or product.
"""

from banyan.ops.demo.drawings.covers import draw_cover
from banyan.ops.demo.drawings.faces import draw_avatar
from banyan.ops.demo.drawings.palette import FAMILIES
from banyan.ops.demo.drawings.scenes import KINDS, draw

__all__ = ["FAMILIES", "KINDS", "draw", "draw_avatar", "draw_cover"]
