"""AF_ALG: the kernel's cryptography as sockets. <linux/if_alg.h>, Documentation/crypto/userspace-if.rst."""

HEADERS = ("sys/socket.h", "linux/if_alg.h")

AF_ALG = 38
SOL_ALG = 279

ALG_SET_KEY = 1
ALG_SET_IV = 2
ALG_SET_OP = 3
ALG_SET_AEAD_ASSOCLEN = 4
ALG_SET_AEAD_AUTHSIZE = 5
ALG_SET_DRBG_ENTROPY = 6
ALG_SET_KEY_BY_KEY_SERIAL = 7

ALG_OP_DECRYPT = 0
ALG_OP_ENCRYPT = 1

# Of a proposal for public keys that Linux never took in; CPython names them all the same. 6 became DRBG_ENTROPY.
ALG_SET_PUBKEY = 6
ALG_OP_SIGN = 2
ALG_OP_VERIFY = 3

BEYOND = ("ALG_SET_DRBG_ENTROPY", "ALG_SET_KEY_BY_KEY_SERIAL")
