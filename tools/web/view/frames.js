// SPDX-License-Identifier: LGPL-2.1-or-later

// How many frames of a stream an element has shown.

const counts = new WeakMap(); // video -> frames, where the browser itself counts none

const counted = (video) => video.getVideoPlaybackQuality().totalVideoFrames;

function count(video) {
  const next = () => {
    counts.set(video, counts.get(video) + 1);
    if (!counted(video)) video.requestVideoFrameCallback(next);
  };

  counts.set(video, 0);
  video.requestVideoFrameCallback(next);
}

// Firefox says 0 of what comes by a connection: its frames are counted one by one from the
// first question on, and where it cannot tell of them (before 132), the time that it plays.
export function framesShown(video) {
  const frames = counted(video);

  if (frames) return frames;
  if (!video.requestVideoFrameCallback)
    return video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA ? video.currentTime : 0;
  if (!counts.has(video)) count(video);
  return counts.get(video);
}
