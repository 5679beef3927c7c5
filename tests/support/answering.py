"""The product's server with an application that says how many requests it remembers.

`python -m tests.support.answering -p PORT tests.support.answering:application`
"""

from typing import Any, ClassVar

from tgstaff.web import DrainingServer, Web


class Server(DrainingServer):
    running: ClassVar[list["Server"]] = []

    def run(self) -> None:
        self.running.append(self)
        super().run()


class Answering(Web):
    server_class = Server


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/trouble":
        raise RuntimeError("trouble")
    from tests.support import answering  # the one that was imported by its name knows the server

    (server,) = answering.Server.running
    body = str(len(server.connections)).encode()
    headers = [(b"Content-Length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    from tests.support.answering import Answering

    Answering.entrypoint()
