"""A small HTTP/1.1 server that says what it saw. Prints its port, and ends when its standard input does.

Arguments: `plain`, `tls CERTIFICATE KEY`, or `deaf`: a port whose queue of connections is full, so that connecting to
it neither succeeds nor fails.
"""

import asyncio
import json
import socket
import ssl
import sys


class Connections:
    """What happened so far, and those who wait for something to happen."""

    def __init__(self):
        self.accepted = 0
        self.requests = 0
        self.hanging = 0
        self.hung_up = 0
        self.changed = asyncio.Condition()

    async def add(self, **changes):
        async with self.changed:
            for name, change in changes.items():
                setattr(self, name, getattr(self, name) + change)
            self.changed.notify_all()

    async def wait_until(self, name, count):
        async with self.changed:
            await self.changed.wait_for(lambda: getattr(self, name) >= count)

    def seen(self):
        return {"accepted": self.accepted, "requests": self.requests, "hanging": self.hanging, "hungUp": self.hung_up}


def answer(body, status="200 OK", headers=()):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def read_request(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")[:-2]
    method, path, _ = first.split(" ")
    headers = [line.split(":", 1) for line in lines]
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    return method, path, [(name, value.strip()) for name, value in headers], await reader.readexactly(length)


async def respond(connections, request, reader, writer):
    method, path, headers, body = request
    kind, *rest = path.strip("/").split("/")
    if kind == "echo":
        writer.write(answer(body))
    elif kind == "request":
        seen = {"method": method, "headers": headers, "body": len(body)}
        writer.write(answer(b"" if method == "HEAD" else json.dumps(seen).encode()))
    elif kind == "seen":
        writer.write(answer(json.dumps(connections.seen()).encode()))
    elif kind == "status":
        writer.write(answer(b"", status=f"{rest[0]} Whatever", headers=["Location: /echo"]))
    elif kind == "bytes":
        writer.write(answer(b"x" * int(rest[0])))
    elif kind == "chunked":
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Late\r\n\r\n")
        for _ in range(int(rest[0])):
            writer.write(b"400\r\n" + b"y" * 1024 + b"\r\n")
        writer.write(b"0\r\nLate: trailer\r\n\r\n")
    elif kind == "headers":
        early = b"HTTP/1.1 103 Early Hints\r\nLink: </early>\r\n\r\n"
        writer.write(early + answer(b"", headers=["X-Many: one", "x-many:  two ", "X-Empty:", "X-Colon: a:b"]))
    elif kind == "long-header":
        writer.write(answer(b"", headers=[f"X-Long-{n}: {'z' * 4096}" for n in range(100)]))
    elif kind == "short":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot that many")
        return False
    elif kind == "nonsense":
        writer.write(b"220 ready, and this is not HTTP\r\n\r\n")
        return False
    elif kind == "drop":
        return False
    elif kind == "hang":
        await connections.add(hanging=1)
        await reader.read(1)
        await connections.add(hung_up=1)
        return False
    elif kind == "park":
        # Answered when that many are parked.
        await connections.add(hanging=1)
        await connections.wait_until("hanging", int(rest[0]))
        writer.write(answer(b"woken"))
    elif kind == "wait":
        await connections.wait_until(rest[0].replace("-", "_"), int(rest[1]))
        writer.write(answer(b""))
    else:
        writer.write(answer(b"", status="404 Not Found"))
    return True


async def serve(connections, reader, writer):
    await connections.add(accepted=1)
    try:
        while True:
            request = await read_request(reader)
            await connections.add(requests=1)
            if not await respond(connections, request, reader, writer):
                break
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def run(context):
    connections = Connections()
    server = await asyncio.start_server(
        lambda reader, writer: serve(connections, reader, writer),
        "127.0.0.1", 0, ssl=context, backlog=2048, limit=1 << 24,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def run_deaf():
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    address = listener.getsockname()
    clients = []
    for _ in range(4):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(address)
        clients.append(client)
    print(address[1], flush=True)
    sys.stdin.read()


if sys.argv[1] == "deaf":
    run_deaf()
else:
    context = None
    if sys.argv[1] == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
    asyncio.run(run(context))
