// SPDX-License-Identifier: LGPL-2.1-or-later

// The side of the bench delay that is Chromium: a camera and a microphone that say when
// they made what they send, and what reads it at the other end. What tells a picture's
// time is in tests/support/delaypeer.c too.

export function measure() {
  const WIDTH = 640;
  const HEIGHT = 360;
  const RATE = 30;
  const CELL = 24;
  const MARGIN = 32;
  const TIME_BITS = 16;
  const CELLS = TIME_BITS + 8;
  const WORKLET = `
    const CLICK_MS = 500;
    class Tone extends AudioWorkletProcessor {
      process(inputs, [[out]]) {
        const now = Date.now();
        const number = Math.floor(now / CLICK_MS);
        for (let i = 0; i < out.length; i++)
          out[i] = 0.05 * Math.sin((currentFrame + i) * 2 * Math.PI * 220 / sampleRate);
        if (number !== this.last) {
          this.last = number;
          this.left = Math.round(sampleRate / 200);
          this.port.postMessage(now);
        }
        for (let i = 0; i < out.length && this.left > 0; i++, this.left--)
          out[i] = Math.floor(this.left / 24) % 2 ? -0.8 : 0.8;
        return true;
      }
    }
    class Ear extends AudioWorkletProcessor {
      process([[sound]]) {
        const now = Date.now();
        for (let i = 0; sound && i < sound.length; i++) {
          const at = now + i * 1000 / sampleRate;
          if (Math.abs(sound[i]) < 0.2 || at < this.quiet) continue;
          this.quiet = at + CLICK_MS / 2;
          this.port.postMessage(at);
        }
        return true;
      }
    }
    registerProcessor("tone", Tone);
    registerProcessor("ear", Ear);`;
  const checksum = (time) => (time ^ (time >> 8) ^ 0xa5) & 0xff;
  const delay = { click: [], heard: [], seen: [] };
  let context;

  async function audio() {
    if (!context) {
      context = new AudioContext({ sampleRate: 48000, latencyHint: "interactive" });
      context.loaded = context.audioWorklet.addModule(
        URL.createObjectURL(new Blob([WORKLET], { type: "text/javascript" })));
    }
    await context.loaded;
    await context.resume();
    return context;
  }

  function picture() {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: WIDTH, height: HEIGHT });
    const draw = canvas.getContext("2d");
    const stream = canvas.captureStream(0);
    const [track] = stream.getVideoTracks();
    let frame = 0;
    setInterval(() => {
      const time = Date.now() & 0xffff;
      draw.fillStyle = "#888";
      draw.fillRect(0, 0, WIDTH, HEIGHT);
      draw.fillStyle = "#fff";
      draw.fillRect((frame++ * 4) % WIDTH, HEIGHT / 2, 40, 40);
      for (let i = 0; i < CELLS; i++) {
        const bit = i < TIME_BITS ? (time >> (TIME_BITS - 1 - i)) & 1
          : (checksum(time) >> (CELLS - 1 - i)) & 1;
        draw.fillStyle = bit ? "#fff" : "#000";
        draw.fillRect(MARGIN + i * CELL, 0, CELL, CELL);
      }
      track.requestFrame();
    }, 1000 / RATE);
    return track;
  }

  async function sound() {
    const ctx = await audio();
    const tone = new AudioWorkletNode(ctx, "tone");
    const out = ctx.createMediaStreamDestination();
    tone.port.onmessage = ({ data }) => delay.click.push({ at: data });
    tone.connect(out);
    return out.stream.getAudioTracks()[0];
  }

  delay.capture = async ({ audio: withSound = true, video = true } = {}) =>
    new MediaStream([...(withSound ? [await sound()] : []), ...(video ? [picture()] : [])]);

  function look(track) {
    const video = document.createElement("video");
    const canvas = new OffscreenCanvas(CELLS, 1);
    const draw = canvas.getContext("2d", { willReadFrequently: true });
    Object.assign(video, { muted: true, srcObject: new MediaStream([track]) });
    document.documentElement.append(video);
    const read = () => {
      const at = Date.now();
      const { videoWidth: width, videoHeight: height } = video;
      // the middle of each cell, as one pixel
      draw.imageSmoothingEnabled = false;
      draw.drawImage(video, MARGIN * width / WIDTH, CELL / 4 * height / HEIGHT,
        CELLS * CELL * width / WIDTH, CELL / 2 * height / HEIGHT, 0, 0, CELLS, 1);
      const { data } = draw.getImageData(0, 0, CELLS, 1);
      let bits = 0;
      for (let i = 0; i < CELLS; i++) bits = bits * 2 + (data[4 * i + 1] > 127 ? 1 : 0);
      const made = bits >>> 8;
      if (checksum(made) === (bits & 0xff)) delay.seen.push({ made, at });
      video.requestVideoFrameCallback(read);
    };
    video.requestVideoFrameCallback(read);
    video.play();
  }

  async function listen(track) {
    const ctx = await audio();
    const stream = new MediaStream([track]);
    // without one Chromium does not decode what comes from the network
    const element = new Audio();
    Object.assign(element, { muted: true, srcObject: stream });
    element.play();
    const ear = new AudioWorkletNode(ctx, "ear");
    ear.port.onmessage = ({ data }) => delay.heard.push({ at: data });
    ctx.createMediaStreamSource(stream).connect(ear);
    ear.connect(ctx.destination);
  }

  const Native = window.RTCPeerConnection;
  delay.connections = [];
  window.RTCPeerConnection = class extends Native {
    constructor(...args) {
      super(...args);
      delay.connections.push(this);
      this.addEventListener("track", ({ track }) =>
        (track.kind === "video" ? look : listen)(track));
    }
  };
  // The share of the sound that came that was made up.
  delay.concealed = async () => {
    let concealed = 0;
    let all = 0;
    for (const pc of delay.connections)
      for (const r of (await pc.getStats()).values()) {
        if (r.type !== "inbound-rtp" || r.kind !== "audio") continue;
        concealed += r.concealedSamples || 0;
        all += r.totalSamplesReceived || 0;
      }
    return { concealed, all };
  };
  if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = delay.capture;
  window.delay = delay;
}

// One offers, the other answers, each with all its candidates.
export async function connect(a, b) {
  const begin = (offer) => async (page) => page.evaluate(async (sdp) => {
    const pc = new RTCPeerConnection();
    const captured = await window.delay.capture();
    // of one stream, as in a call: sound waits for its picture
    for (const track of captured.getTracks()) pc.addTrack(track, captured);
    if (sdp) await pc.setRemoteDescription({ type: "offer", sdp });
    await pc.setLocalDescription();
    while (pc.iceGatheringState !== "complete")
      await new Promise((resolve) => { pc.onicegatheringstatechange = resolve; });
    return pc.localDescription.sdp;
  }, offer);
  const offer = await begin(null)(a);
  const answer = await begin(offer)(b);

  await a.evaluate((sdp) => window.delay.connections[0]
    .setRemoteDescription({ type: "answer", sdp }), answer);
}
