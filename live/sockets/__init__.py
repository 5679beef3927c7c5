from live.sockets.feed import FeedSocket

__all__ = ["FeedSocket"]
