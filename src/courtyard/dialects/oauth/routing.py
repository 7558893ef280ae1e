"""A route of OAuth: its body is a form, and what is posted in clear is refused."""

from collections.abc import Callable
from typing import Any

from fastapi import params
from starlette.responses import Response

from courtyard.dialects.oauth.clear import HttpsNeeded, in_clear, note_form
from courtyard.dialects.oauth.forms import FORM
from courtyard.web.call import Call
from courtyard.web.route import Route


class FormRoute(Route):
    """A route whose body is a form, and says so in the OpenAPI document."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        if self.body_field is not None and isinstance(self.body_field.field_info, params.Body):
            self.body_field.field_info.media_type = FORM

    async def serve(self, call: Call) -> Response:
        """Run the endpoint. Raises HttpsNeeded once a form that came in clear has been looked at; Refusal."""
        if in_clear(call.scope):
            await note_form(call)
            raise HttpsNeeded
        return await super().serve(call)
