"""Pictures of what was recorded."""

import io
from contextlib import closing

QUALITY = 80


def thumbnail(media: bytes) -> bytes | None:
    """The first picture of fragmented MP4 as a JPEG; None where none can be decoded."""
    import av

    try:
        with closing(av.open(io.BytesIO(media), mode="r", format="mp4")) as film:
            # One picture needs no threads, and the memory of none.
            film.streams.video[0].thread_count = 1
            for frame in film.decode(video=0):
                picture = io.BytesIO()
                image = frame.to_image()  # type: ignore[no-untyped-call]
                image.save(picture, "JPEG", quality=QUALITY)
                return picture.getvalue()
    except (av.error.FFmpegError, IndexError):
        return None
    return None
