from tests.support.simulated import simulator, telegram

__all__ = ["simulator", "telegram"]
