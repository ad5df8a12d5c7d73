"""What the bot says, as documents: one function a page, pure, the same words on every platform."""
