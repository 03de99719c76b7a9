"""The web pages: files built from `web/` and served by the API on its own port.

They hold no data and no secret: every figure comes from the REST operations. Where they were not
built, a plain page says how to build them, and the one-time sign-in link still works.
"""

from bursar.interfaces.web.serving import PagesFirst, WebPages

__all__ = ["PagesFirst", "WebPages"]
