"""What became of each idempotency key."""

from .errors import conflict, other_body, unchecked

DAY = 86400


class Keys:
    """The answer that a key had first, for 24 hours of the double's clock, also when it was a 500.
    Under the world's lock."""

    def __init__(self, world):
        self.world, self.saved = world, {}

    def begin(self, key, request):
        """The saved answer, or None when the call is to be executed now."""
        if len(key) > 255:
            raise unchecked("Idempotency keys must be at most 255 characters.")
        entry = self.saved.get(key)
        if entry and entry["created"] + DAY <= self.world.now():
            entry = None
        if entry is None:
            self.saved[key] = {"request": request, "answer": None, "created": self.world.now()}
            return None
        if entry["request"] != request:
            raise other_body(key)
        if entry["answer"] is None:
            raise conflict(key)
        return entry["answer"]

    def end(self, key, answer):
        """Without an answer the key is free again: nothing was executed."""
        if answer is None:
            self.saved.pop(key, None)
        elif key in self.saved:
            self.saved[key]["answer"] = answer

    def forget(self, key=None):
        if key is None:
            self.saved.clear()
        else:
            self.saved.pop(key, None)
