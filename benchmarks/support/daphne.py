"""Daphne as the product's web runs it, with another application and nothing of the product's."""

from tgstaff.web import DrainingServer, Web


class Bare(Web):
    server_class = DrainingServer


if __name__ == "__main__":
    Bare.entrypoint()
