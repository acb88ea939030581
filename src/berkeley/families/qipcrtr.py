"""AF_QIPCRTR: Qualcomm's IPC router, to the modem and other processors of a phone. <linux/qrtr.h>."""

HEADERS = ("sys/socket.h", "linux/qrtr.h")

AF_QIPCRTR = 42

QRTR_NODE_BCAST = 0xFFFFFFFF
QRTR_PORT_CTRL = 0xFFFFFFFE

# Commands of a control packet.
QRTR_TYPE_DATA = 1
QRTR_TYPE_HELLO = 2
QRTR_TYPE_BYE = 3
QRTR_TYPE_NEW_SERVER = 4
QRTR_TYPE_DEL_SERVER = 5
QRTR_TYPE_DEL_CLIENT = 6
QRTR_TYPE_RESUME_TX = 7
QRTR_TYPE_EXIT = 8
QRTR_TYPE_PING = 9
QRTR_TYPE_NEW_LOOKUP = 10
QRTR_TYPE_DEL_LOOKUP = 11

BEYOND = ("QRTR_*",)
