// SPDX-License-Identifier: LGPL-2.1-or-later
// A client of the mesh dialect: one RTCPeerConnection for each other client of the room,
// and a capability for what is said of them. In the URL: user=NAME, room=ROOM (join=1
// joins at once), pin=PIN, stun=stun:HOST:PORT, width=PIXELS of the camera's picture.

const VERSION = '1.0.0';
const CAPS = ['call'];
const RENEW_MS = 30000; // before a capability expires
const RETRY_MS = 1000;

const query = new URLSearchParams(location.search);
const $ = (id) => document.getElementById(id);

const state = {
  ws: null,
  user: null,
  room: null, // as it is asked for
  accessToken: null,
  peerId: null,
  roomId: null,
  capability: null, // { token, expires }
  localStream: null,
  peers: new Map(), // peer_id => { connection, figure, stream, candidates }
  former: new Set(), // the same, of before the server was lost
};

// For who looks on: what was said and heard, in order, and the connections.
window.messages = [];
window.peers = state.peers;

const show = (text) => { $('status').textContent = text; };
const showError = (text) => { $('error').textContent = text; };

// REST

async function post(path, body) {
  const headers = { 'content-type': 'application/json' };
  if (state.accessToken)
    headers.authorization = `Bearer ${state.accessToken}`;
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok)
    throw new Error(`${answer.error.code}: ${answer.error.message}`);
  return answer;
}

// What every rtc.* message carries; a new one when the last is about to expire.
async function capToken() {
  if (!state.capability || Date.now() > state.capability.expires - RENEW_MS) {
    const path = `/v2/rooms/${encodeURIComponent(state.roomId)}/capabilities`;
    const { cap_token: token } = await post(path, { caps: CAPS });
    const claims = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    state.capability = { token, expires: JSON.parse(atob(claims)).exp * 1000 };
  }
  return state.capability.token;
}

// The WebSocket

function send(type, payload, to = 'server') {
  if (state.ws.readyState !== WebSocket.OPEN)
    return;
  const message = { type, id: crypto.randomUUID(), timestamp: new Date().toISOString(),
    from: state.peerId ?? 'client', to, payload };
  window.messages.push({ sent: message });
  state.ws.send(JSON.stringify(message));
}

async function sendRtc(type, target, content) {
  const cap = await capToken();
  send(type, { room_id: state.roomId, target_peer_id: target, ...content, cap_token: cap }, target);
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
  const peer = { connection, figure, candidates: [] };
  state.peers.set(id, peer);
  for (const track of state.localStream.getTracks())
    connection.addTrack(track, state.localStream);
  connection.onicecandidate = ({ candidate }) => {
    if (candidate && state.peers.get(id) === peer)
      later(() => sendRtc('rtc.ice', id, { candidate }));
  };
  connection.ontrack = ({ streams }) => {
    if (streams[0]) {
      figure.querySelector('video').srcObject = streams[0];
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
    await peer.connection.addIceCandidate(candidate);
}

async function createOffer(id) {
  const { connection } = createPeer(id);
  const offer = await connection.createOffer();
  await connection.setLocalDescription(offer);
  await sendRtc('rtc.offer', id, { sdp: offer.sdp });
}

async function handleOffer({ sdp }, from) {
  const peer = state.peers.get(from) || createPeer(from);
  await peer.connection.setRemoteDescription({ type: 'offer', sdp });
  await addCandidates(peer);
  const answer = await peer.connection.createAnswer();
  await peer.connection.setLocalDescription(answer);
  await sendRtc('rtc.answer', from, { sdp: answer.sdp });
}

async function handleAnswer({ sdp }, from) {
  const peer = state.peers.get(from);
  if (!peer)
    return;
  await peer.connection.setRemoteDescription({ type: 'answer', sdp });
  await addCandidates(peer);
}

async function handleIce({ candidate }, from) {
  const peer = state.peers.get(from);
  if (!peer)
    return;
  peer.candidates.push(candidate);
  if (peer.connection.remoteDescription)
    await addCandidates(peer);
}

// The room

function handleWelcome({ peer_id: id }) {
  state.peerId = id;
  send('room.join', { room_id: state.roomId });
}

// Who was there first offers: whoever comes says so itself, and who is there already
// is told of by the server.
function handleJoined({ peer_id: id, role }, from) {
  if (id === state.peerId) {
    document.body.dataset.state = 'joined';
    $('say').hidden = false;
    show(`In ${state.roomId}`);
    return null;
  }
  return from === id && role !== 'agent' ? createOffer(id) : null;
}

function handlePresence({ peer_id: id, status }) {
  if (status === 'offline')
    removePeer(id);
  else if (state.peers.has(id))
    state.peers.get(id).figure.dataset.status = status;
}

function handleChat({ from, content }) {
  const item = document.createElement('li');
  item.textContent = `${from === state.peerId ? 'You' : from}: ${content}`;
  $('chat').append(item);
}

const handlers = {
  'system.welcome': handleWelcome,
  'room.joined': handleJoined,
  'presence.update': handlePresence,
  'chat.message.created': handleChat,
  'rtc.offer': handleOffer,
  'rtc.answer': handleAnswer,
  'rtc.ice': handleIce,
  error: ({ code, message }) => {
    showError(`${code}: ${message}`);
    if (code === 'KICKED' || code === 'MEETING_ENDED')
      state.roomId = null;
  },
};

// One thing after another: an answer takes its time, and so does a capability.
let turn = Promise.resolve();

function later(func) {
  turn = turn.then(func).catch((error) => {
    console.error(error);
    showError(error.message);
  });
}

function handle(message) {
  window.messages.push({ received: message });
  return handlers[message.type]?.(message.payload, message.from);
}

function connect() {
  const url = new URL('/v2/ws', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.searchParams.set('access_token', state.accessToken);
  if (query.get('pin'))
    url.searchParams.set('pin', query.get('pin'));
  state.ws = new WebSocket(url);
  state.ws.onopen = () => send('system.hello', { peer_type: 'client', version: VERSION });
  state.ws.onmessage = ({ data }) => later(() => handle(JSON.parse(data)));
  state.ws.onerror = () => showError('Connection error');
  state.ws.onclose = () => {
    show('Disconnected');
    // who was sent away, or has gone, does not come back
    if (document.body.dataset.state !== 'joined' || !state.roomId)
      return leave();
    keepPeers();
    return setTimeout(comeBack, RETRY_MS);
  };
}

async function comeBack() {
  if (document.body.dataset.state !== 'joined')
    return;
  try {
    await signIn();
    showError('');
  } catch {
    setTimeout(comeBack, RETRY_MS);
  }
}

async function captureMedia() {
  const width = Number(query.get('width')) || 1280;
  state.localStream = await navigator.mediaDevices.getUserMedia({
    video: { width: { ideal: width }, height: { ideal: width * 9 / 16 }, frameRate: { ideal: 30 } },
    audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  });
  $('local').srcObject = state.localStream;
}

// Another server knows nothing of what the last one has given out.
async function signIn() {
  const { user, room } = state;
  state.accessToken = state.capability = state.peerId = null;
  state.accessToken = (await post('/v2/sessions', { user })).access_token;
  state.roomId = (await post('/v2/rooms', { name: room, pin: query.get('pin') })).room_id;
  connect();
}

async function join(user, room) {
  showError('');
  Object.assign(state, { user, room });
  try {
    await captureMedia();
    await signIn();
  } catch (error) {
    showError(error.message);
  }
}

function leave() {
  for (const id of [...state.peers.keys()])
    removePeer(id);
  state.former.forEach(dropFormer);
  for (const track of state.localStream?.getTracks() || [])
    track.stop();
  state.localStream = $('local').srcObject = state.capability = state.peerId = null;
  $('say').hidden = true;
  document.body.dataset.state = 'idle';
}

$('form').onsubmit = (event) => {
  event.preventDefault();
  join($('user').value, $('room').value);
};
$('say').onsubmit = (event) => {
  event.preventDefault();
  send('chat.message.send', { room_id: state.roomId, content: $('text').value }, state.roomId);
  $('text').value = '';
};
$('busy').onclick = ({ target }) => {
  const busy = target.getAttribute('aria-pressed') !== 'true';
  target.setAttribute('aria-pressed', String(busy));
  send('presence.update', { peer_id: state.peerId, status: busy ? 'busy' : 'online' }, state.roomId);
};
$('leave').onclick = () => {
  state.ws.close();
  leave();
};

$('user').value = query.get('user') || '';
$('room').value = query.get('room') || '';
if (query.get('room') && query.get('join'))
  join(query.get('user') || 'Guest', query.get('room'));
