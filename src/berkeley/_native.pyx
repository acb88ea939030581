# cython: language_level=3, binding=False, auto_pickle=False, always_allow_keywords=False, freethreading_compatible=True
# cython: boundscheck=False, wraparound=False, cdivision=True, embedsignature=True, embedsignature.format=clinic
"""The native core of berkeley: the base socket type and the calls. Everything public is in `berkeley.socket`."""

cimport cython
from cpython.object cimport PyObject, PyTypeObject

from .native.libc cimport *

cdef class socket       # its fields and methods: socket.pxi

include "native/system.pxi"
include "native/shared.pxi"
include "native/interpreters.pxi"
include "native/versions.pxi"
include "native/errors.pxi"
include "native/arguments.pxi"
include "native/text.pxi"
include "native/operation.pxi"
include "native/unblocked.pxi"
include "native/inflight.pxi"
include "native/wait.pxi"
include "native/once.pxi"
include "native/settings.pxi"
include "native/deadline.pxi"
include "native/queries.pxi"
include "native/hosts.pxi"
include "native/kept.pxi"
include "native/sockaddr.pxi"
include "native/interfaces.pxi"
include "native/ancillary.pxi"
include "native/info.pxi"
include "native/transfer.pxi"
include "native/messages.pxi"
include "native/slots.pxi"
include "native/multiple.pxi"
include "native/connection.pxi"
include "native/options.pxi"
include "native/segments.pxi"
include "native/timeouts.pxi"
include "native/narrowed.pxi"
include "native/lifecycle.pxi"
include "native/socket.pxi"
include "native/slab.pxi"
include "native/batch.pxi"
include "native/face.pxi"
include "native/blocks.pxi"
include "native/ring.pxi"
include "native/resolver.pxi"
include "native/netdb.pxi"
include "native/convert.pxi"
include "native/capi.pxi"
include "native/constants.pxi"
