// SPDX-License-Identifier: LGPL-2.1-or-later
// A server of the mesh written from protocol/mesh.md alone, on ws: its messages and no
// requests over HTTP. Rooms have two to four. rtc.* need `CAP` as their capability, when
// the program is given one; with "rest" there are sessions and rooms over HTTP, and
// capabilities that expire soon. Each message that it hears or says is a line of JSON.
// usage: node meshserver.js [CAP|rest]
'use strict';

const crypto = require('node:crypto');
const http = require('node:http');
const { WebSocketServer } = require('ws');

const ROOM_MAX = 4;
const TTL = 31; // seconds
const [cap] = process.argv.slice(2);
const rest = cap === 'rest';

const peers = new Map(); // peer_id => { socket, room }
const session = crypto.randomUUID();
const given = []; // capabilities
const log = (line) => console.log(JSON.stringify(line));

function give() {
  const claims = JSON.stringify({ exp: Math.floor(Date.now() / 1000) + TTL });
  given.push(`h.${Buffer.from(claims).toString('base64url')}.${given.length}`);
  log({ given: given.length });
  return { cap_token: given.at(-1) };
}

const answers = {
  '/v2/sessions': () => ({ access_token: session }),
  '/v2/rooms': () => ({ room_id: 'room-id' }),
  '/v2/rooms/room-id/capabilities': give,
};
const authorized = ({ headers }) => !rest || headers.authorization === `Bearer ${session}`;

const server = http.createServer((request, response) => {
  const answer = rest && answers[request.url];
  if (!answer || request.method !== 'POST')
    response.writeHead(404).end();
  else if (request.url !== '/v2/sessions' && !authorized(request))
    response.writeHead(401).end();
  else
    response.writeHead(201, { 'content-type': 'application/json' })
      .end(JSON.stringify(answer()));
});
const sockets = new WebSocketServer({ server, path: rest ? '/v2/ws' : '/mesh',
  verifyClient: ({ req }) => authorized(req) });

// protocol/mesh.md#envelope
function send(id, type, from, payload) {
  const message = { type, id: crypto.randomUUID(), timestamp: new Date().toISOString(),
    from, to: id, payload };
  log({ said: id, message });
  peers.get(id).socket.send(JSON.stringify(message));
}

const fail = (id, code) => send(id, 'error', 'server', { code, message: `Refused: ${code}` });
const inRoom = (room) => [...peers].filter(([, peer]) => peer.room === room).map(([id]) => id);

function join(id, room) {
  const others = inRoom(room);
  if (others.length >= ROOM_MAX) {
    fail(id, 'ROOM_FULL');
    return;
  }
  peers.get(id).room = room;
  const joined = (peer) => ({ peer_id: peer, role: 'member', room_id: room });
  send(id, 'room.joined', 'server', joined(id));
  for (const other of others) {
    send(id, 'room.joined', 'server', joined(other));
    send(other, 'room.joined', id, joined(id));
  }
}

function say(id, room, type, payload) {
  for (const other of inRoom(room))
    send(other, type, id, payload);
}

function forward(id, type, { cap_token: token, ...payload }) {
  if (rest ? !given.includes(token) : cap && token !== cap)
    fail(id, token ? 'CAP_INVALID' : 'CAP_REQUIRED');
  else if (peers.get(payload.target_peer_id)?.room !== payload.room_id)
    fail(id, 'UNROUTABLE');
  else
    send(payload.target_peer_id, type, id, payload);
}

function take(id, { type, payload }) {
  const { room } = peers.get(id);
  if (type === 'system.hello')
    send(id, 'system.welcome', 'server', { peer_id: id, user_id: crypto.randomUUID() });
  else if (type === 'room.join')
    join(id, payload.room_id);
  else if (type.startsWith('rtc.'))
    forward(id, type, payload);
  else if (type === 'presence.update')
    say(id, room, type, payload);
  else if (type === 'chat.message.send')
    say(id, room, 'chat.message.created',
      { message_id: crypto.randomUUID(), from: id, content: payload.content });
}

sockets.on('connection', (socket) => {
  const id = `peer-${crypto.randomUUID()}`;
  peers.set(id, { socket, room: null });
  socket.on('message', (data) => {
    const message = JSON.parse(data);
    log({ heard: id, message });
    take(id, message);
  });
  socket.on('close', () => {
    const { room } = peers.get(id);
    peers.delete(id);
    if (room)
      say(id, room, 'presence.update', { peer_id: id, status: 'offline' });
  });
});

server.listen(0, 'localhost', () => log({ event: 'listening', port: server.address().port }));
