"""SOL_TLS and TLS_*: TLS records made and read in the kernel. <linux/tls.h>, Documentation/networking/tls.rst.

TCP_ULP with b"tls" comes first, then TLS_TX and TLS_RX with a struct tls12_crypto_info_* for the cipher.
"""

HEADERS = ("sys/socket.h", "linux/tls.h")

SOL_TLS = 282

TLS_TX = 1
TLS_RX = 2
TLS_TX_ZEROCOPY_RO = 3
TLS_RX_EXPECT_NO_PAD = 4
TLS_TX_MAX_PAYLOAD_LEN = 5

TLS_1_2_VERSION = 0x0303
TLS_1_3_VERSION = 0x0304

TLS_CIPHER_AES_GCM_128 = 51
TLS_CIPHER_AES_GCM_256 = 52
TLS_CIPHER_AES_CCM_128 = 53
TLS_CIPHER_CHACHA20_POLY1305 = 54
TLS_CIPHER_SM4_GCM = 55
TLS_CIPHER_SM4_CCM = 56
TLS_CIPHER_ARIA_GCM_128 = 57
TLS_CIPHER_ARIA_GCM_256 = 58

# Control messages of level SOL_TLS: the record's type, one byte.
TLS_SET_RECORD_TYPE = 1
TLS_GET_RECORD_TYPE = 2

BEYOND = ("*",)
