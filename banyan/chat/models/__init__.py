"""Tables of the chat: rooms and messages, and what a shop keeps beside its threads."""

from .inbox import Answer, QuickReply, Thread
from .rooms import ChatChoice, Member, Message, Room, Telling

__all__ = ["Answer", "ChatChoice", "Member", "Message", "QuickReply", "Room", "Telling", "Thread"]
