// SPDX-License-Identifier: LGPL-2.1-or-later
// The client of the room dialect: one RTCPeerConnection for each other client of the
// room. In the URL: room=ROOM (join=1 joins at once), server=ws://HOST:PORT/ for another
// signalling server than the page's own, stun=stun:HOST:PORT, width=PIXELS of the
// camera's picture.

const query = new URLSearchParams(location.search);
const $ = (id) => document.getElementById(id);

const state = {
  ws: null,
  myId: null,
  roomId: null,
  localStream: null,
  peers: new Map(), // id => { connection, figure, stream, candidates }
  former: new Set(), // the same, of before the server was lost
};

// For who looks on: what was said and heard, in order, and the connections.
window.messages = [];
window.peers = state.peers;

const show = (text) => { $('status').textContent = text; };
const showError = (text) => { $('error').textContent = text; };

function serverAddress() {
  const protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return query.get('server') || `${protocol}//${location.host}`;
}

function send(message) {
  if (state.ws.readyState !== WebSocket.OPEN)
    return;
  window.messages.push({ sent: message });
  state.ws.send(JSON.stringify(message));
}

// Peers

function addTile(id) {
  const figure = document.createElement('figure');
  const video = document.createElement('video');
  const caption = document.createElement('figcaption');
  video.autoplay = video.playsInline = true;
  video.dataset.peer = id;
  caption.textContent = id;
  figure.append(video, caption);
  $('tiles').append(figure);
  return figure;
}

function createPeer(id) {
  const stun = query.get('stun');
  const connection = new RTCPeerConnection({ iceServers: stun ? [{ urls: stun }] : [] });
  const figure = addTile(id);
  const video = figure.querySelector('video');
  const peer = { connection, figure, candidates: [] };
  state.peers.set(id, peer);
  for (const track of state.localStream.getTracks())
    connection.addTrack(track, state.localStream);
  connection.onicecandidate = ({ candidate }) => {
    if (candidate && state.peers.get(id) === peer)
      send({ type: 'ice-candidate', candidate, targetId: id });
  };
  connection.ontrack = ({ streams }) => {
    if (streams[0]) {
      video.srcObject = streams[0];
      peer.stream = streams[0].id;
    }
  };
  connection.onconnectionstatechange = () => {
    figure.dataset.state = connection.connectionState;
    if (connection.connectionState === 'connected')
      replaceFormer(peer);
    else if (state.former.has(peer) && connection.connectionState !== 'connecting')
      dropFormer(peer);
    else if (connection.connectionState === 'failed')
      showError('Connection failed');
  };
  return peer;
}

function close({ connection, figure }) {
  connection.close();
  figure.remove();
}

function removePeer(id) {
  const peer = state.peers.get(id);
  if (!peer)
    return;
  state.peers.delete(id);
  close(peer);
}

// Without a server the connections go on. When it is back everybody has another id: who
// was seen before is told by its stream, and the old connection is there until the new
// one is.
function keepPeers() {
  for (const peer of state.peers.values()) {
    if (peer.connection.connectionState === 'connected')
      state.former.add(peer);
    else
      close(peer);
  }
  state.peers.clear();
}

function replaceFormer(peer) {
  for (const former of state.former) {
    if (former.stream === peer.stream)
      dropFormer(former);
  }
}

function dropFormer(former) {
  state.former.delete(former);
  close(former);
}

async function addCandidates(peer) {
  for (const candidate of peer.candidates.splice(0))
    await peer.connection.addIceCandidate(new RTCIceCandidate(candidate));
}

// Whoever was there first offers.
async function createOffer(id) {
  const { connection } = createPeer(id);
  const offer = await connection.createOffer();
  await connection.setLocalDescription(offer);
  send({ type: 'offer', offer, targetId: id });
}

async function handleOffer({ offer, senderId }) {
  const peer = state.peers.get(senderId) || createPeer(senderId);
  await peer.connection.setRemoteDescription(new RTCSessionDescription(offer));
  await addCandidates(peer);
  const answer = await peer.connection.createAnswer();
  await peer.connection.setLocalDescription(answer);
  send({ type: 'answer', answer, targetId: senderId });
}

async function handleAnswer({ answer, senderId }) {
  const peer = state.peers.get(senderId);
  if (!peer)
    return;
  await peer.connection.setRemoteDescription(new RTCSessionDescription(answer));
  await addCandidates(peer);
}

async function handleCandidate({ candidate, senderId }) {
  const peer = state.peers.get(senderId);
  if (!peer)
    return;
  peer.candidates.push(candidate);
  if (peer.connection.remoteDescription)
    await addCandidates(peer);
}

// The room

function handleJoined({ roomId, peerId, peers }) {
  state.roomId = roomId;
  state.myId = peerId;
  document.body.dataset.state = 'joined';
  $('controls').hidden = false;
  show(`In ${roomId} with ${peers.length} other(s)`);
}

const handlers = {
  id: ({ id }) => { state.myId = id; },
  joined: handleJoined,
  'peer-joined': ({ peerId }) => createOffer(peerId),
  offer: handleOffer,
  answer: handleAnswer,
  'ice-candidate': handleCandidate,
  'peer-left': ({ peerId }) => removePeer(peerId),
  error: ({ code, message }) => {
    showError(`${code}: ${message}`);
    if (code === 'KICKED' || code === 'MEETING_ENDED')
      state.roomId = null;
  },
};

async function handle(message) {
  window.messages.push({ received: message });
  try {
    await handlers[message.type]?.(message);
  } catch (error) {
    console.error(message.type, error);
    showError(`${message.type}: ${error.message}`);
  }
}

const RETRY_MS = 1000;

// One message after another: an answer takes its time.
let turn = Promise.resolve();

function connect() {
  state.ws = new WebSocket(serverAddress());
  state.ws.onopen = () => show('Connected');
  state.ws.onmessage = ({ data }) => {
    turn = turn.then(() => handle(JSON.parse(data)));
  };
  state.ws.onerror = () => showError('Connection error');
  state.ws.onclose = () => {
    show('Disconnected');
    if (!state.roomId)
      return leave();
    keepPeers();
    return setTimeout(comeBack, RETRY_MS);
  };
  return new Promise((resolve) => state.ws.addEventListener('open', resolve));
}

async function comeBack() {
  if (!state.roomId)
    return;
  await connect();
  showError('');
  send({ type: 'join', roomId: state.roomId });
}

// Media

const mediaErrors = {
  NotAllowedError: 'Permission denied. Please allow camera and microphone access.',
  NotFoundError: 'No camera or microphone found.',
  NotReadableError: 'Camera or microphone is already in use.',
  OverconstrainedError: 'The camera has no picture of that size.',
};

function pictureSize() {
  const width = Number(query.get('width')) || 1280;
  return { width: { ideal: width }, height: { ideal: width * 9 / 16 }, frameRate: { ideal: 30 } };
}

async function captureMedia() {
  if (!navigator.mediaDevices)
    throw new Error('HTTPS is required for camera and microphone.');
  try {
    state.localStream = await navigator.mediaDevices.getUserMedia({
      video: pictureSize(),
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
  } catch (error) {
    throw new Error(mediaErrors[error.name] || 'Failed to access media devices.');
  }
  $('local').srcObject = state.localStream;
}

function toggle(button, tracks) {
  for (const track of tracks)
    track.enabled = !track.enabled;
  button.setAttribute('aria-pressed', String(tracks.every((track) => track.enabled)));
}

async function join(roomId) {
  showError('');
  try {
    await captureMedia();
    if (state.ws?.readyState !== WebSocket.OPEN)
      await connect();
    send({ type: 'join', roomId });
  } catch (error) {
    showError(error.message);
  }
}

function leave() {
  if (state.roomId)
    send({ type: 'leave' });
  state.roomId = null;
  for (const id of [...state.peers.keys()])
    removePeer(id);
  state.former.forEach(dropFormer);
  for (const track of state.localStream?.getTracks() || [])
    track.stop();
  state.localStream = $('local').srcObject = null;
  $('controls').hidden = true;
  document.body.dataset.state = 'idle';
}

$('form').onsubmit = (event) => {
  event.preventDefault();
  join($('room').value);
};
$('audio').onclick = ({ target }) => toggle(target, state.localStream.getAudioTracks());
$('video').onclick = ({ target }) => toggle(target, state.localStream.getVideoTracks());
$('leave').onclick = () => {
  leave();
  show('Left');
};
addEventListener('beforeunload', leave);

$('room').value = query.get('room') || '';
if (query.get('room') && query.get('join'))
  join(query.get('room'));
