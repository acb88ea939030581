"""Datagrams, of each transport and implementation."""

import datagrams
import kit
import pytest
from makers import DATAGRAMS, makers


@pytest.mark.parametrize("check", kit.checks(datagrams).values(), ids=kit.checks(datagrams))
@pytest.mark.parametrize("make", makers(**DATAGRAMS))
def test_datagrams(make, check):
    check(make)
