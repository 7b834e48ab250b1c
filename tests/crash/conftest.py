"""The suite that is killed is no test of ours."""

collect_ignore = ["suite"]
