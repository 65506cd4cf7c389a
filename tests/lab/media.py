# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pictures that say which frame they are, speech, and looking into files."""

import array
import os
import re
import subprocess
import wave

# The stamp of tools/ui/stamp.h: 16 x 3 blocks in the top third of the picture, a
# white and a black reference, 32 bits of counter, 14 check bits.
COLUMNS, ROWS = 16, 3
COUNTER_BITS, CHECK_BITS = 32, 14
WHITE, BLACK, GREY = 235, 16, 128
MIN_CONTRAST = 64
# Of the frames that are sent one in so many may be missing, or come twice, with
# nothing wrong but a busy machine. Who sends keeps 8 raw ones for its encoder and
# lets go of the oldest (RAW_VIDEO_QUEUE_MAX in ext/signal/media/vminput.c), which begins
# after 270 ms without a core at 30 a second; and where one comes late the one
# before is sent again.
SPARED = 20


def _check(counter):
    crc = 0xFFFF
    for bit in range(COUNTER_BITS - 1, -1, -1):
        one = (counter >> bit & 1) != (crc >> 15 & 1)
        crc = crc << 1 & 0xFFFF
        if one:
            crc ^= 0x1021
    return crc & ((1 << CHECK_BITS) - 1)


def _cell(index, width, height):
    grid = height // 3
    column, row = index % COLUMNS, index // COLUMNS
    return (width * column // COLUMNS, width * (column + 1) // COLUMNS,
            grid * row // ROWS, grid * (row + 1) // ROWS)


def write_stamped(path, width, height, frames):
    """A raw I420 file of stamped frames 0, 1, 2, …"""
    plain = bytes([GREY]) * (width * height)
    chroma = bytes([128]) * (width * height // 2)
    total = COUNTER_BITS + CHECK_BITS
    with open(path, "wb") as f:
        for counter in range(frames):
            bits = counter << CHECK_BITS | _check(counter)
            values = [1, 0] + [bits >> (total - 1 - i) & 1
                               for i in range(total)]
            rows = []
            for row in range(ROWS):
                line = bytearray()
                for column in range(COLUMNS):
                    x0, x1, _, _ = _cell(row * COLUMNS + column, width, height)
                    value = WHITE if values[row * COLUMNS + column] else BLACK
                    line += bytes([value]) * (x1 - x0)
                _, _, y0, y1 = _cell(row * COLUMNS, width, height)
                rows.append(bytes(line) * (y1 - y0))
            top = b"".join(rows)
            f.write(top + plain[len(top):] + chroma)


def _mean(frame, index, width, height):
    x0, x1, y0, y1 = _cell(index, width, height)
    dx, dy = (x1 - x0) // 4, (y1 - y0) // 4
    total = count = 0
    for y in range(y0 + dy, y1 - dy):
        row = frame[y * width + x0 + dx:y * width + x1 - dx]
        total += sum(row)
        count += len(row)
    return total // count


def read_stamp(frame, width, height):
    """The counter in one GRAY8 frame, or None."""
    white, black = (_mean(frame, i, width, height) for i in (0, 1))
    if white - black < MIN_CONTRAST:
        return None
    bits = 0
    for i in range(COUNTER_BITS + CHECK_BITS):
        level = _mean(frame, 2 + i, width, height)
        bits = bits << 1 | (1 if 2 * level > white + black else 0)
    counter = bits >> CHECK_BITS
    return counter if bits & ((1 << CHECK_BITS) - 1) == _check(counter) \
        else None


def grey_frames(path, width, height):
    """The frames of a raw GRAY8 file."""
    size = width * height
    with open(path, "rb") as f:
        while True:
            frame = f.read(size)
            if len(frame) < size:
                return
            yield frame


def read_stamps(path, width, height):
    return [read_stamp(f, width, height)
            for f in grey_frames(path, width, height)]


def few(count, sent):
    """Whether so many of the frames that were sent may be wrong, see above."""
    return count * SPARED <= sent


def tally(stamps):
    """The "stamps" of a summary, see tools/ui/stamp.h, from the frames themselves.
    Those before the first whole one are not counted."""
    known = [s for s in stamps if s is not None]
    row = {"first": known[0], "last": known[0], "read": len(known),
           "missing": 0, "repeated": 0,
           "unreadable": stamps[stamps.index(known[0]):].count(None)}
    for stamp in known[1:]:
        if stamp <= row["last"]:
            row["repeated"] += 1
        else:
            row["missing"] += stamp - row["last"] - 1
            row["last"] = stamp
    return row


def deviation(frame):
    """Standard deviation of the luma of one frame."""
    mean = sum(frame) / len(frame)
    return (sum((v - mean) ** 2 for v in frame[::7]) / len(frame[::7])) ** 0.5


def speak(path, text):
    """What espeak-ng makes of a text, as a WAVE file; its seconds."""
    subprocess.run(["espeak-ng", "-w", path, text], check=True, timeout=90)
    with wave.open(path) as w:
        return w.getnframes() / w.getframerate()


def loudness(path):
    """Root mean square of each 100 ms of a raw S16LE mono 48 kHz file."""
    samples = array.array("h")
    with open(path, "rb") as f:
        data = f.read()
    samples.frombytes(data[:len(data) // 2 * 2])
    step = 4800
    return [(sum(v * v for v in samples[i:i + step:8]) / (step / 8)) ** 0.5
            for i in range(0, len(samples) - step, step)]


def nal_units(path):
    """The NAL units of an H.264 byte stream."""
    with open(path, "rb") as f:
        data = f.read()
    return [unit.rstrip(b"\0")
            for unit in re.split(b"\0\0\0?\1", data) if unit]


def slices(path):
    """The coded pictures of an H.264 byte stream: types 1 and 5."""
    return [u for u in nal_units(path) if u[0] & 0x1F in (1, 5)]


def duration(host, path):
    """Seconds, as gst-discoverer-1.0 says."""
    out = host.run("gst-discoverer-1.0", path, timeout=90).stdout
    found = re.search(r"Duration: (\d+):(\d+):(\d+\.\d+)", out)
    if not found:
        raise AssertionError(f"no duration of {path}\n{out}")
    hours, minutes, seconds = found.groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def play(host, path, width, height, folder):
    """Decodes a recording from start to end; its GRAY8 frames (scaled) and
    raw mono sound as two files."""
    video = os.path.join(folder, os.path.basename(path) + ".gray")
    audio = os.path.join(folder, os.path.basename(path) + ".s16")
    host.run(
        "gst-launch-1.0", "-q", "filesrc", f"location={path}", "!",
        "matroskademux", "name=d",
        "d.video_0", "!", "queue", "!", "decodebin", "!", "videoconvert", "!",
        "videoscale", "!",
        f"video/x-raw,format=GRAY8,width={width},height={height}", "!",
        "filesink", f"location={video}",
        "d.audio_0", "!", "queue", "!", "decodebin", "!", "audioconvert", "!",
        "audioresample", "!",
        "audio/x-raw,format=S16LE,channels=1,rate=48000", "!",
        "filesink", f"location={audio}", timeout=90)
    return video, audio
