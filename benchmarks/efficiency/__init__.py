"""How many seeds a comparison takes, through pytest and verdicts.json, beside the bound and other tests."""
