// SPDX-License-Identifier: LGPL-2.1-or-later

// How much of the other's has come over a connection, by what getStats() says.

// `reports`: of one connection; `mids`: of its audio, camera and screen. Packets of sound,
// frames of the camera, those that were decoded, decoded frames of the screen, lost and received
// packets of sound and camera, bytes of all together, and whether this side of the path is a relay.
export function arrivals(reports, [audio, camera, screen] = []) {
  const inbound = (mid) => reports.find((report) => report.type === "inbound-rtp"
    && report.mid === mid && mid) || {};
  const pairs = reports.filter(({ type }) => type === "candidate-pair");
  const { selectedCandidatePairId } = reports.find(({ type }) => type === "transport") || {};
  const used = pairs.find(({ id, nominated, state }) => (selectedCandidatePairId
    ? id === selectedCandidatePairId : nominated && state === "succeeded")) || {};
  const local = reports.find(({ id }) => id && id === used.localCandidateId) || {};
  const picture = inbound(camera);
  const sum = (key) => [audio, camera].reduce((total, mid) => total + (inbound(mid)[key] || 0), 0);

  return {
    audio: inbound(audio).packetsReceived || 0,
    camera: picture.framesReceived ?? picture.framesDecoded ?? 0,
    decoded: picture.framesDecoded || 0,
    screen: inbound(screen).framesDecoded || 0,
    lost: sum("packetsLost"),
    packets: sum("packetsReceived"),
    bytes: pairs.reduce((sum, { bytesReceived }) => sum + (bytesReceived || 0), 0),
    relayed: local.candidateType === "relay",
  };
}
