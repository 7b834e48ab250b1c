"""The native engine's variants on this processor, and the marks of tests that need them."""

from __future__ import annotations

from operator import attrgetter

import pytest

from lrn.engines import native

VARIANTS = native.variants() if native.available() else []
FUSED = [variant for variant in VARIANTS if variant.fused]
SEPARATE = [variant for variant in VARIANTS if not variant.fused]

needs_native = pytest.mark.skipif(not native.available(), reason="the native engine was not built")
each_variant = pytest.mark.parametrize("variant", VARIANTS, ids=attrgetter("name"))
