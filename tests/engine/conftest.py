"""Property tests without a deadline: a loaded machine is no fault; what must be fast says so itself."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("gradviz", deadline=None, print_blob=True)
settings.load_profile("gradviz")
