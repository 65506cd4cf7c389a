// SPDX-License-Identifier: LGPL-2.1-or-later
// A client of the Socket.IO dialect: rooms by Socket.IO, and one RTCPeerConnection for
// each other user of the room. In the URL: room=ROOM (join=1 joins at once),
// server=http://HOST:PORT of the signalling, transports=polling,websocket,
// stun=stun:HOST:PORT, width=PIXELS of the camera's picture.

const query = new URLSearchParams(location.search);
const $ = (id) => document.getElementById(id);

const state = {
  socket: null,
  room: null,
  localStream: null,
  peers: new Map(), // user id => { connection, figure, stream, candidates }
  former: new Set(), // the same, of before the server was lost
};

// For who looks on: what was said and heard, in order, and the connections.
window.messages = [];
window.peers = state.peers;
window.socket = () => state.socket;

const show = (text) => { $('status').textContent = text; };
const showError = (text) => { $('error').textContent = text; };

function emit(event, data) {
  window.messages.push({ sent: event, data });
  state.socket.emit(event, data);
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

// Rooms may have more than two users: each message says for whom it is.
function tell(event, id, content) {
  emit(event, { room: state.room, ...content, target: id });
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
      tell('ice_candidate', id, { candidate });
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
  tell('offer', id, { offer });
}

async function handleOffer({ offer, sender }) {
  const peer = state.peers.get(sender) || createPeer(sender);
  await peer.connection.setRemoteDescription(new RTCSessionDescription(offer));
  await addCandidates(peer);
  const answer = await peer.connection.createAnswer();
  await peer.connection.setLocalDescription(answer);
  tell('answer', sender, { answer });
}

async function handleAnswer({ answer, sender }) {
  const peer = state.peers.get(sender);
  if (!peer)
    return;
  await peer.connection.setRemoteDescription(new RTCSessionDescription(answer));
  await addCandidates(peer);
}

async function handleCandidate({ candidate, sender }) {
  const peer = state.peers.get(sender);
  if (!peer || !candidate)
    return;
  peer.candidates.push(candidate);
  if (peer.connection.remoteDescription)
    await addCandidates(peer);
}

// The room

function showUsers(users) {
  show(`In ${state.room} with ${users - 1} other(s)`);
}

function handleJoined({ room, users }) {
  state.room = room;
  document.body.dataset.state = 'joined';
  $('controls').hidden = false;
  showUsers(users);
}

const handlers = {
  room_joined: handleJoined,
  user_joined: ({ user_id: id, users }) => {
    showUsers(users);
    return createOffer(id);
  },
  user_left: ({ user_id: id, users }) => {
    showUsers(users);
    removePeer(id);
  },
  offer: handleOffer,
  answer: handleAnswer,
  ice_candidate: handleCandidate,
  error: ({ code, message }) => showError(`${code}: ${message}`),
};

async function handle(event, data) {
  window.messages.push({ received: event, data });
  try {
    await handlers[event]?.(data);
  } catch (error) {
    console.error(event, error);
    showError(`${event}: ${error.message}`);
  }
}

// One message after another: an answer takes its time.
let turn = Promise.resolve();

function connect() {
  const transports = query.get('transports')?.split(',');
  state.socket = window.io(query.get('server') || location.origin,
    transports ? { transports } : {});
  state.socket.onAny((event, data) => {
    turn = turn.then(() => handle(event, data));
  });
  state.socket.on('connect_error', () => showError('Connection error'));
  state.socket.on('disconnect', (reason) => {
    show('Disconnected');
    // who was not sent away is back as soon as the server is
    if (reason !== 'io server disconnect')
      return keepPeers();
    state.room = null;
    return leave();
  });
  state.socket.io.on('reconnect', () => {
    showError('');
    if (state.room)
      emit('join_room', { room: state.room });
  });
  return new Promise((resolve) => { state.socket.once('connect', resolve); });
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

async function join(room) {
  showError('');
  try {
    await captureMedia();
    if (!state.socket?.connected)
      await connect();
    emit('join_room', { room });
  } catch (error) {
    showError(error.message);
  }
}

function leave() {
  if (state.room)
    emit('leave_room', { room: state.room });
  state.room = null;
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
