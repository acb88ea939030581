"""The words of the socket world, by theme: plain lists, read by tools/constants.py and never imported by the package.

Each file assigns `NAME = value` with the values of Linux's generic ABI, as literals, and may say more with literals:

    SYSTEM     the beginning of sys.platform where these names are; "linux" where it is not said. The names and family
               numbers of other systems, whose values it then gives, are known on those alone
    HEADERS    the C headers that declare these names, each compiled on its own by the test that compares values
               (several in one string where one needs another first)
    BEYOND     the names, or shell patterns of names, that no CPython has on Linux: they are in berkeley.constants only
    COMPILED   True where values differ by processor, libc or header version: there the compiler's own value wins, and
               a name that its headers lack keeps the generic one

The files of berkeley.families say the same of their own names. What programs import is generated: `_table`, `_beyond`.
"""
