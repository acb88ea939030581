"""Listeners, of each transport and implementation."""

import kit
import listeners
import pytest
from makers import LISTENERS, makers


@pytest.mark.parametrize("check", kit.checks(listeners).values(), ids=kit.checks(listeners))
@pytest.mark.parametrize("make", makers(**LISTENERS))
def test_listener(make, check):
    check(make)
