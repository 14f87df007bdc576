"""GStreamer's webrtcbin as a WHIP publisher or a WHEP viewer; a program of the system's Python, which has the bindings.

    gstreamer_peer.py publish|watch VP8|H264 URL      (the token comes in the environment, as TOKEN)

It prints one JSON object a line: `{"state": …}` on a change of the connection, `{"audio": N, "video": N, "loud": N}` five times
a second: encoded frames sent, or decoded buffers received and the loudest sample. It ends, and ends the session, when its
standard input does.
"""

from __future__ import annotations

import array
import json
import os
import sys
import urllib.parse
import urllib.request
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402 — the versions come first

# one keyframe in ten seconds: viewers that join are served from what the worker keeps, or by a request for a keyframe
ENCODERS = {
    "VP8": "vp8enc deadline=1 cpu-used=8 keyframe-max-dist=150 target-bitrate=300000 ! rtpvp8pay pt=96 picture-id-mode=15-bit",
    "H264": "x264enc tune=zerolatency key-int-max=150 bframes=0 speed-preset=ultrafast bitrate=300"
    " ! video/x-h264,profile=constrained-baseline ! rtph264pay config-interval=-1 aggregate-mode=zero-latency pt=96",
}
DECODERS = {
    "OPUS": "rtpopusdepay ! opusdec ! audioconvert ! audio/x-raw,format=S16LE",
    "VP8": "rtpvp8depay ! vp8dec",
    "H264": "rtph264depay ! avdec_h264",
}
RTC = "webrtcbin name=rtc bundle-policy=max-bundle latency=50"
FEEDBACK = "rtcp-fb-nack=true,rtcp-fb-nack-pli=true"


def sending(codec: str) -> str:
    """The pipeline of a publisher."""
    return (
        f"{RTC} "
        "audiotestsrc is-live=true freq=440 volume=0.5 ! audio/x-raw,rate=48000,channels=2 ! opusenc ! rtpopuspay name=audio pt=97"
        " ! application/x-rtp,media=audio,encoding-name=OPUS,payload=97,clock-rate=48000 ! rtc. "
        f"videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=15/1 ! videoconvert ! {ENCODERS[codec]}"
        f" name=video ! application/x-rtp,media=video,encoding-name={codec},payload=96,clock-rate=90000 ! rtc. "
    )


class Session:
    """One peer connection through one POST."""

    def __init__(self, role: str, codec: str, url: str, token: str) -> None:
        self.loop = GLib.MainLoop()
        self.counted = {"audio": 0, "video": 0, "loud": 0}
        self._role, self._codec, self._url = role, codec, url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._resource = ""
        self.pipeline = Gst.Pipeline.new("session")
        self.pipeline.add(Gst.parse_bin_from_description(sending(codec) if role == "publish" else RTC, False))
        self.rtc = self.pipeline.get_by_name("rtc")
        self.rtc.connect("notify::connection-state", self._state)
        self.rtc.connect("notify::ice-gathering-state", self._gathered)

    def start(self) -> None:
        """Go: the offer follows when the pipeline runs."""
        if self._role == "watch":
            self._receive()
            self.rtc.connect("pad-added", self._arrived)
        else:
            self._only_send()
        self.rtc.connect("on-negotiation-needed", self._negotiate)
        self.pipeline.set_state(Gst.State.PLAYING)

    def _receive(self) -> None:
        one_way = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
        audio = "application/x-rtp,media=audio,encoding-name=OPUS,encoding-params=(string)2,payload=97,clock-rate=48000"
        video = f"application/x-rtp,media=video,encoding-name={self._codec},payload=96,clock-rate=90000,{FEEDBACK}"
        for caps in (audio, video):
            self.rtc.emit("add-transceiver", one_way, Gst.Caps.from_string(caps))

    def _only_send(self) -> None:
        for index, name in enumerate(("audio", "video")):
            line = self.rtc.emit("get-transceiver", index)
            line.set_property("direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
            self._count(self.pipeline.get_by_name(name).get_static_pad("sink"), name)

    def _negotiate(self, rtc: Any) -> None:
        rtc.emit("create-offer", None, Gst.Promise.new_with_change_func(self._offered, None))

    def _offered(self, promise: Any, _: object) -> None:
        reply = promise.get_reply()  # owns the offer: it must outlive it
        self.rtc.emit("set-local-description", reply.get_value("offer"), Gst.Promise.new())

    def _gathered(self, rtc: Any, _: object) -> None:
        if rtc.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            GLib.idle_add(self._post, rtc.get_property("local-description").sdp.as_text())

    def _post(self, offer: str) -> bool:
        headers = {**self._headers, "Content-Type": "application/sdp"}
        with urllib.request.urlopen(urllib.request.Request(self._url, offer.encode(), headers), timeout=10) as response:
            self._resource = urllib.parse.urljoin(self._url, response.headers["Location"])
            _, answer = GstSdp.SDPMessage.new_from_text(response.read().decode())
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, answer)
        self.rtc.emit("set-remote-description", description, Gst.Promise.new())
        return False

    def _state(self, rtc: Any, _: object) -> None:
        say(state=rtc.get_property("connection-state").value_nick)

    def _arrived(self, _: Any, pad: Any) -> None:
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        name = pad.get_current_caps().get_structure(0).get_string("encoding-name")
        decoder = Gst.parse_bin_from_description(f"queue ! {DECODERS[name]} ! fakesink name=out sync=false async=false", True)
        self._count(decoder.get_by_name("out").get_static_pad("sink"), "audio" if name == "OPUS" else "video")
        self.rtc.get_parent().add(decoder)
        decoder.sync_state_with_parent()
        if (done := pad.link(decoder.get_static_pad("sink"))) != Gst.PadLinkReturn.OK:
            raise RuntimeError(f"{name}: {done}")

    def _count(self, pad: Any, name: str) -> None:
        pad.add_probe(Gst.PadProbeType.BUFFER, self._passed, name)

    def _passed(self, _: Any, info: Any, name: str) -> Any:
        self.counted[name] += 1
        if name == "audio" and self._role == "watch":
            ok, data = info.get_buffer().map(Gst.MapFlags.READ)
            if ok:
                self.counted["loud"] = max(self.counted["loud"], max(array.array("h", bytes(data.data)), default=0))
                info.get_buffer().unmap(data)
        return Gst.PadProbeReturn.OK

    def tell(self) -> bool:
        """Say what was counted."""
        say(**self.counted)
        return True

    def stop(self) -> None:
        """End the session here and there."""
        self.pipeline.set_state(Gst.State.NULL)
        if self._resource:
            with urllib.request.urlopen(urllib.request.Request(self._resource, headers=self._headers, method="DELETE"), timeout=5):
                pass


def say(**what: Any) -> None:
    """One line of JSON."""
    print(json.dumps(what), flush=True)


def main() -> None:
    """Run until standard input ends."""
    Gst.init(None)
    session = Session(*sys.argv[1:4], token=os.environ["TOKEN"])
    GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IOCondition.HUP | GLib.IOCondition.IN, lambda *_: session.loop.quit())
    GLib.timeout_add(200, session.tell)
    session.start()
    session.loop.run()
    session.stop()


if __name__ == "__main__":
    main()
