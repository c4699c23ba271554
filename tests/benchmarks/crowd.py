"""Many visitors at once, each a websocket of its own that moves a value once a second, as a browser would."""

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates


@dataclass
class Visitor:
    """One open page; `took` are the milliseconds from each event to the end of the run it led to."""

    socket: websockets.ClientConnection
    moves: str
    widget: str = ""
    fragment: str = ""
    page: str = ""
    served: int = 0
    took: list[float] = field(default_factory=list)

    async def open(self):
        """Run the page for the first time, and find what can be moved on it."""
        await self.socket.send(BackMsg(rerun_script={"query_string": ""}).SerializeToString())
        await self._until_finished(look=True)
        assert self.widget, f"no {self.moves} on the page"

    async def move(self, value):
        """Move the value, and wait until the page has been brought up to date."""
        state = WidgetState(id=self.widget)
        if self.moves == "slider":
            state.double_array_value.data.append(value)
        else:
            state.json_value = json.dumps({"scenario": {"number": self.served + 1, "values": {"rsi_14": value}}})
        message = BackMsg()
        message.rerun_script.widget_states.CopyFrom(WidgetStates(widgets=[state]))
        message.rerun_script.fragment_id = self.fragment
        message.rerun_script.page_script_hash = self.page
        since = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        await self._until_finished()
        self.took.append(1000 * (time.perf_counter() - since))
        self.served += 1

    async def _until_finished(self, *, look=False):
        while True:
            found = ForwardMsg.FromString(await self.socket.recv())
            kind = found.WhichOneof("type")
            if kind == "new_session":
                self.page = found.new_session.page_script_hash
            if look and kind == "delta":
                self._look_at(found.delta)
            if kind == "script_finished":
                return

    def _look_at(self, delta):
        element = delta.new_element
        if self.moves == "slider" and element.WhichOneof("type") == "slider":
            self.widget, self.fragment = element.slider.id, delta.fragment_id
        component = element.bidi_component
        if self.moves == "panel" and component.component_name == "handover_panel":
            self.widget, self.fragment = component.id, delta.fragment_id


@dataclass(frozen=True)
class Crowd:
    """What came of it: milliseconds of every event, events served a second, and whatever was looked at meanwhile."""

    took: list[float]
    served_a_second: float
    looked: object


async def _visit(url, moves, stack):
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    connecting = websockets.connect(address, subprotocols=["streamlit"], max_size=None, origin=url)
    visitor = Visitor(await stack.enter_async_context(connecting), moves)
    await visitor.open()
    return visitor


async def _move_about(visitor, begin, seconds):
    for second in range(seconds):
        await asyncio.sleep(max(0.0, begin + second - time.perf_counter()))
        # As a hand would: back and forth in small steps.
        await visitor.move(40.0 + (7 * second) % 20)


async def _crowd(url, moves, people, seconds, look):
    async with contextlib.AsyncExitStack() as stack:
        visitors = [await _visit(url, moves, stack) for _ in range(people)]
        begin = time.perf_counter() + 0.5
        await asyncio.gather(*[_move_about(who, begin + i / people, seconds) for i, who in enumerate(visitors)])
        ended = time.perf_counter()
        looked = look()
    served = sum(visitor.served for visitor in visitors)
    return Crowd([took for visitor in visitors for took in visitor.took], served / (ended - begin), looked)


def crowd(url, *, moves, people=25, seconds=24, look=lambda: None):
    """Let *people* move a value (a Streamlit "slider", or the "panel") once a second; *look* while all are there."""
    return asyncio.run(_crowd(url, moves, people, seconds, look))
