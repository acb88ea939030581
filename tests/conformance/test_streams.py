"""Streams, of each transport and implementation."""

import kit
import pytest
import sharing
import streams
from makers import STREAMS, makers, tls_pair


@pytest.mark.parametrize("check", kit.checks(streams).values(), ids=kit.checks(streams))
@pytest.mark.parametrize("make", makers(**STREAMS, tls=tls_pair))
def test_stream(make, check):
    check(make)


@pytest.mark.parametrize("check", kit.checks(sharing).values(), ids=kit.checks(sharing))
@pytest.mark.parametrize("make", makers(**STREAMS))
def test_stream_of_the_kernel(make, check):
    check(make)
