// SPDX-License-Identifier: LGPL-2.1-or-later
// A signalling server of the room dialect: rooms, and messages from one client of a room
// to another. usage: node server.js [PORT [HOST]]; with ROOM_LOG=1 in the environment
// every message is a line of JSON on the standard output.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const WebSocket = require('ws');

const [port = '3000', host = 'localhost'] = process.argv.slice(2);
const MESSAGE_MAX = 256 * 1024; // bytes
const FORWARDED = { offer: 'offer', answer: 'answer', 'ice-candidate': 'candidate' };
const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/app.js': ['app.js', 'text/javascript; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
};

const rooms = new Map(); // room id => Set of clients, none of them empty

function log(to, id, message) {
  if (process.env.ROOM_LOG)
    console.log(JSON.stringify({ [to ? 'to' : 'from']: id, message }));
}

function send(client, message) {
  if (client.readyState !== WebSocket.OPEN)
    return;
  log(true, client.id, message);
  client.send(JSON.stringify(message));
}

function broadcast(room, message, except) {
  for (const client of rooms.get(room) || []) {
    if (client !== except)
      send(client, message);
  }
}

function leave(client) {
  const { room } = client;
  if (!room)
    return;
  client.room = null;
  rooms.get(room).delete(client);
  if (rooms.get(room).size === 0)
    rooms.delete(room);
  broadcast(room, { type: 'peer-left', peerId: client.id });
}

function join(client, room) {
  if (typeof room !== 'string' || !room)
    return;
  leave(client);
  if (!rooms.has(room))
    rooms.set(room, new Set());
  const peers = Array.from(rooms.get(room), (other) => other.id);
  rooms.get(room).add(client);
  client.room = room;
  broadcast(room, { type: 'peer-joined', peerId: client.id }, client);
  send(client, { type: 'joined', roomId: room, peerId: client.id, peers });
}

function forward(client, message) {
  const key = FORWARDED[message.type];
  for (const other of rooms.get(client.room) || []) {
    if (other.id === message.targetId)
      send(other, { type: message.type, [key]: message[key], senderId: client.id });
  }
}

function receive(client, data) {
  let message;
  try {
    message = JSON.parse(data);
  } catch {
    return;
  }
  if (!message || typeof message !== 'object')
    return;
  log(false, client.id, message);
  if (message.type === 'join')
    join(client, message.roomId);
  else if (message.type === 'leave')
    leave(client);
  else if (Object.hasOwn(FORWARDED, message.type))
    forward(client, message);
}

const server = http.createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  const file = FILES[pathname];
  if (!file || request.method !== 'GET') {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': file[1], 'cache-control': 'no-store' });
  fs.createReadStream(path.join(__dirname, file[0])).pipe(response);
});

new WebSocket.Server({ server, maxPayload: MESSAGE_MAX }).on('connection', (client) => {
  client.id = crypto.randomUUID();
  client.room = null;
  client.on('message', (data) => receive(client, data));
  client.on('close', () => leave(client));
  client.on('error', () => client.terminate());
  send(client, { type: 'id', id: client.id });
});

server.listen(Number(port), host, () => {
  console.log(`http://${host}:${server.address().port}/`);
});
