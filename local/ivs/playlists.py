"""The playlists of live playback (RFC 8216bis: HLS with its low-latency parts)."""

from collections.abc import Iterator
from datetime import UTC, datetime

from local.ivs.window import RATED_SECONDS, Segment, Window

PARTS_LISTED_SECONDS = 6.0
"""Parts are listed of what is newer than three target durations; players that are further behind need segments only."""


def main_playlist(window: Window, *, variant: str) -> str:
    """The one rendition that the publisher sends, at the address `variant`."""
    epoch = window.epoch
    assert epoch is not None
    rates = [8 * segment.size / segment.seconds for segment in window.segments if segment.seconds >= RATED_SECONDS]
    attributes = [
        f"BANDWIDTH={round(max(rates, default=1))}",
        f"AVERAGE-BANDWIDTH={round(sum(rates) / len(rates)) if rates else 1}",
        f'CODECS="{epoch.codecs}"',
    ]
    lines = ["#EXTM3U", "#EXT-X-VERSION:9", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if epoch.video:
        picture = epoch.video.picture
        attributes.append(f"RESOLUTION={picture.width}x{picture.height}")
        if picture.rate:
            attributes.append(f"FRAME-RATE={picture.rate:.3f}")
        # Where none was seen yet nothing is said, rather than NONE: captions may come later.
        if window.captions:
            lines.append(
                '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="captions",NAME="CC1",INSTREAM-ID="CC1",DEFAULT=NO,AUTOSELECT=YES'
            )
            attributes.append('CLOSED-CAPTIONS="captions"')
    return "\n".join([*lines, f"#EXT-X-STREAM-INF:{','.join(attributes)}", variant, ""])


def live_playlist(window: Window) -> str:
    """What is there and what comes next; all addresses are relative."""
    segments = list(window.segments)
    first = segments[0].number if segments else window.next_part[0]
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:9",
        f"#EXT-X-TARGETDURATION:{window.target_seconds}",
        f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={3 * window.part_seconds:.3f}",
        f"#EXT-X-PART-INF:PART-TARGET={window.part_seconds:.3f}",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{window.breaks_gone}",
    ]
    behind = sum(segment.seconds for segment in segments)
    epoch = None
    for segment in segments:
        if segment.breaks:
            lines.append("#EXT-X-DISCONTINUITY")
        if segment.epoch is not epoch:
            epoch = segment.epoch
            lines.append(f'#EXT-X-MAP:URI="init{epoch.number}.mp4"')
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{iso(segment.begins)}")
        lines += _segment(segment, parts=behind <= max(PARTS_LISTED_SECONDS, 3 * window.target_seconds))
        behind -= segment.seconds
    if window.ended:
        lines.append("#EXT-X-ENDLIST")
    else:
        number, part = window.next_part
        lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{number}.{part}.m4s"')
    return "\n".join([*lines, ""])


def _segment(segment: Segment, *, parts: bool) -> Iterator[str]:
    if parts or not segment.done:
        for index, part in enumerate(segment.parts):
            independent = ",INDEPENDENT=YES" if part.independent else ""
            yield f'#EXT-X-PART:DURATION={part.seconds:.5f},URI="{segment.number}.{index}.m4s"{independent}'
    if segment.done:
        yield f"#EXTINF:{segment.seconds:.5f},"
        yield f"{segment.number}.m4s"


def iso(at: datetime) -> str:
    """In UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
