"""The suite that is killed is not a test of ours."""

import pytest

collect_ignore = ["suite"]

pytest.register_assert_rewrite("tests.crash.kills")
