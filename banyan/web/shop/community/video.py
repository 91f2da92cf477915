"""The video of a post, to whoever may see the post; a part of it where a player asks for one."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from banyan.community.access import get_post_for
from banyan.media.serving import video_answer

from ...http import actor


@require_safe
def post_video(request: HttpRequest, post_id: int) -> HttpResponseBase:
    """Send the video of a post, or the part that is asked for."""
    post = get_post_for(actor(request), post_id)
    return video_answer((post.repin_of or post).video, asked=request.headers.get("range", ""))
