// SPDX-License-Identifier: LGPL-2.1-or-later
// The client of the call dialect: one call at a time with one other user. In the URL:
// user=ID&name=NAME (online=1 goes online at once, register=1 says who it is by a
// message), server=ws://HOST:PORT/ for another signalling server than the page's own,
// stun=stun:HOST:PORT, width=PIXELS of the camera's picture.

const query = new URLSearchParams(location.search);
const $ = (id) => document.getElementById(id);

let ws = null;
let user = null; // { id, name }
let owed = null; // { id, other } of a call that ended while there was no server
// { id, other, otherName, kind, outgoing, offer, connection, stream, candidates,
//   timer }, or null
let call = null;

// For who looks on: what was said and heard, in order, and the connection.
window.messages = [];
window.connection = () => call?.connection;

const setState = (state) => { document.body.dataset.state = state; };
const show = (text) => { $('status').textContent = text; };
const showError = (text) => { $('error').textContent = text; };

function send(message) {
  if (ws?.readyState !== WebSocket.OPEN)
    return;
  window.messages.push({ sent: message });
  ws.send(JSON.stringify(message));
}

// Media

const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

function constraints(kind) {
  const width = Number(query.get('width'));
  const video = width ? { width, height: width * 9 / 16 } : VIDEO;
  return { audio: AUDIO, video: kind === 'video' && video };
}

const stop = (stream) => stream?.getTracks().forEach((track) => track.stop());

async function getLocalStream(own) {
  own.stream = await navigator.mediaDevices.getUserMedia(constraints(own.kind));
  if (call === own)
    $('local').srcObject = own.stream;
  else
    stop(own.stream);
}

// The connection

function startTimer() {
  const began = Date.now();
  const two = (number) => String(number).padStart(2, '0');
  call.timer ??= setInterval(() => {
    const seconds = Math.floor((Date.now() - began) / 1000);
    $('timer').textContent = `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
  }, 250);
}

function createPeerConnection() {
  const own = call;
  const stun = query.get('stun');
  const connection = new RTCPeerConnection({ iceServers: stun ? [{ urls: stun }] : [] });
  call.connection = connection;
  for (const track of call.stream.getTracks())
    connection.addTrack(track, call.stream);
  connection.onicecandidate = ({ candidate }) => {
    if (candidate && call === own) {
      send({ type: 'ice-candidate', toId: own.other, candidate: {
        candidate: candidate.candidate,
        sdpMLineIndex: candidate.sdpMLineIndex,
        sdpMid: candidate.sdpMid,
      } });
    }
  };
  connection.ontrack = ({ streams }) => { $('remote').srcObject = streams[0]; };
  connection.onconnectionstatechange = () => {
    if (call !== own)
      return;
    document.body.dataset.connection = connection.connectionState;
    if (connection.connectionState === 'connected')
      startTimer();
    if (connection.connectionState === 'failed')
      hangUp('Connection failed');
  };
}

async function addCandidates() {
  const { connection, candidates } = call;
  if (!connection?.remoteDescription)
    return;
  for (const candidate of candidates.splice(0))
    await connection.addIceCandidate(new RTCIceCandidate(candidate));
}

// Calls

function begin(fields) {
  call = { candidates: [], ...fields };
  $('caption').textContent = call.otherName;
  $('timer').textContent = '00:00';
  showError('');
}

function over(text) {
  clearInterval(call.timer);
  call.connection?.close();
  stop(call.stream);
  $('local').srcObject = $('remote').srcObject = null;
  call = null;
  delete document.body.dataset.connection;
  setState(ws?.readyState === WebSocket.OPEN ? 'idle' : 'offline');
  show(text);
}

function hangUp(text) {
  if (ws.readyState === WebSocket.OPEN)
    send({ type: 'call-end', toId: call.other, callId: call.id });
  else
    owed = { id: call.id, other: call.other };
  over(text);
}

// What takes its time may find that the call is another one by then.
async function during(steps) {
  const own = call;
  try {
    for (const step of steps) {
      await step(own);
      if (call !== own)
        return;
    }
  } catch (error) {
    showError(error.message);
    if (call === own)
      hangUp('The call failed');
  }
}

function dial(other, kind) {
  begin({ id: `call_${Date.now()}`, other, otherName: other, kind, outgoing: true });
  setState('calling');
  show(`Calling ${other}`);
  let offer;
  return during([
    getLocalStream,
    createPeerConnection,
    async ({ connection }) => { offer = await connection.createOffer(); },
    (own) => {
      send({ type: 'call-offer', toId: other, callId: own.id,
        offer: { type: offer.type, sdp: offer.sdp }, callType: kind, fromUsername: user.name });
      return own.connection.setLocalDescription(offer);
    },
  ]);
}

function accept() {
  setState('talking');
  show(`Talking to ${call.otherName}`);
  let answer;
  return during([
    getLocalStream,
    createPeerConnection,
    ({ connection, offer }) =>
      connection.setRemoteDescription(new RTCSessionDescription(offer)),
    async ({ connection }) => { answer = await connection.createAnswer(); },
    ({ connection, other, id }) => {
      send({ type: 'call-answer', toId: other, callId: id,
        answer: { type: answer.type, sdp: answer.sdp } });
      return connection.setLocalDescription(answer);
    },
    addCandidates,
  ]);
}

function decline() {
  send({ type: 'call-reject', toId: call.other, callId: call.id });
  over('Declined');
}

// What is heard

function onOffer({ callId, fromId, fromUsername, callType, offer }) {
  const both = call?.outgoing && call.other === fromId;
  if (document.body.dataset.state === 'talking')
    send({ type: 'call-reject', toId: fromId, callId });
  // two who call each other at once: the lower id lives
  if (call && !(both && callId < call.id))
    return undefined;
  if (both)
    over('');
  begin({ id: callId, other: fromId, otherName: fromUsername || fromId, kind: callType, offer });
  if (both)
    return accept();
  $('who').textContent = `${call.otherName} calls (${callType})`;
  setState('ringing');
  show('Ringing');
  return undefined;
}

function onAnswer({ callId, answer }) {
  if (call?.id !== callId || !call.outgoing)
    return undefined;
  setState('talking');
  show(`Talking to ${call.otherName}`);
  return during([
    ({ connection }) => connection.setRemoteDescription(new RTCSessionDescription(answer)),
    addCandidates,
  ]);
}

function onCandidate({ callId, candidate }) {
  if (!call || call.id !== callId)
    return undefined;
  call.candidates.push(candidate);
  return addCandidates();
}

function onEnd({ callId }) {
  if (call?.id === callId)
    over(document.body.dataset.state === 'ringing' ? `Missed a call of ${call.otherName}` : 'Call ended');
}

const REASONS = { offline: 'is not there', busy: 'is busy', timeout: 'does not answer' };

const handlers = {
  registered: ({ userId, username }) => {
    user = { id: userId, name: username || userId };
    if (!call)
      setState('idle');
    show(call ? `Talking to ${call.otherName}` : `Online as ${user.name}`);
    if (owed)
      send({ type: 'call-end', toId: owed.other, callId: owed.id });
    owed = null;
  },
  'call-offer': onOffer,
  'call-answer': onAnswer,
  'ice-candidate': onCandidate,
  'call-reject': ({ callId }) => {
    if (call?.id === callId)
      over(`${call.otherName} has declined`);
  },
  'call-end': onEnd,
  'call-failed': ({ callId, reason }) => {
    if (call?.id === callId)
      over(`${call.otherName} ${REASONS[reason]}`);
  },
  error: ({ code, message }) => showError(`${code}: ${message}`),
};

async function handle(message) {
  window.messages.push({ received: message });
  try {
    await handlers[message.type]?.(message);
  } catch (error) {
    showError(`${message.type}: ${error.message}`);
  }
}

// Going online

// The server may have been started anew, and know of no call.
function goingOn() {
  const was = owed ?? call;
  return was ? { toId: was.other, callId: was.id } : {};
}

function serverAddress(id, name) {
  const protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const address = new URL(query.get('server') || `${protocol}//${location.host}/`);
  if (!query.get('register')) {
    address.searchParams.set('userId', id);
    address.searchParams.set('username', name);
    for (const [key, value] of Object.entries(goingOn()))
      address.searchParams.set(key, value);
  }
  return address;
}

const RETRY_MS = 1000;

function goOnline(id, name) {
  // one message after another, but for the user, who may end the call any time
  let turn = Promise.resolve();
  ws = new WebSocket(serverAddress(id, name));
  ws.onopen = () => {
    if (query.get('register'))
      send({ type: 'register', userId: id, username: name, ...goingOn() });
  };
  ws.onmessage = ({ data }) => {
    turn = turn.then(() => handle(JSON.parse(data)));
  };
  ws.onclose = () => {
    // who talks goes on: for that no server is needed
    if (call && document.body.dataset.state !== 'talking')
      over('Offline');
    else if (!call)
      setState('offline');
    show('Offline');
    setTimeout(() => goOnline(id, name), RETRY_MS);
  };
}

$('online').onsubmit = (event) => {
  event.preventDefault();
  goOnline($('user').value, $('name').value || $('user').value);
};
$('dial').onsubmit = (event) => {
  event.preventDefault();
  dial($('other').value, event.submitter?.value || 'video');
};
$('accept').onclick = accept;
$('decline').onclick = decline;
$('end').onclick = () => { if (call) hangUp('Call ended'); };
addEventListener('beforeunload', () => { if (call) hangUp(''); });

$('user').value = query.get('user') || '';
$('name').value = query.get('name') || '';
if (query.get('user') && query.get('online'))
  goOnline(query.get('user'), query.get('name') || query.get('user'));
