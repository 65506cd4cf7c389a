// SPDX-License-Identifier: LGPL-2.1-or-later
// A signalling server written from protocol/socketio.md alone, on socket.io, and the page
// of examples/web/socketio. It forwards to the others of the room and names nobody; with
// "names" it says who sends, and sends to whom `target` names. Each event that it hears
// or says is a line of JSON. usage: node socketserver.js [names]
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { Server } = require('socket.io');

const names = process.argv[2] === 'names';
const page = path.join(process.env.VM_SOURCE_ROOT, 'examples/web/socketio');
const client = path.join(path.dirname(require.resolve('socket.io-client/package.json')),
  'dist/socket.io.min.js');
const FILES = {
  '/': [path.join(page, 'index.html'), 'text/html; charset=utf-8'],
  '/app.js': [path.join(page, 'app.js'), 'text/javascript; charset=utf-8'],
  '/style.css': [path.join(page, 'style.css'), 'text/css; charset=utf-8'],
  '/socket.io.js': [client, 'text/javascript; charset=utf-8'],
};
const FORWARDED = { offer: 'offer', answer: 'answer', ice_candidate: 'candidate' };

const rooms = {}; // room => Set of ids
const users = {}; // id => { room }

const server = http.createServer((request, response) => {
  const file = FILES[new URL(request.url, 'http://localhost').pathname];
  if (!file) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': file[1], 'cache-control': 'no-store' });
  fs.createReadStream(file[0]).pipe(response);
});
// as often as it can be, so that a client that does not answer is found out
const io = new Server(server, { serveClient: false, pingInterval: 1000, pingTimeout: 30000 });

const log = (line) => console.log(JSON.stringify(line));

function tell(id, event, data) {
  log({ to: id, event, data });
  io.to(id).emit(event, data);
}

const others = (socket, room) => [...rooms[room] ?? []].filter((id) => id !== socket.id);

function leave(socket) {
  const room = users[socket.id]?.room;
  if (!room)
    return;
  delete users[socket.id];
  rooms[room].delete(socket.id);
  for (const id of others(socket, room))
    tell(id, 'user_left', { user_id: socket.id, users: rooms[room].size });
}

function join(socket, { room }) {
  (rooms[room] ??= new Set()).add(socket.id);
  users[socket.id] = { room };
  tell(socket.id, 'room_joined', { room, users: rooms[room].size });
  for (const id of others(socket, room))
    tell(id, 'user_joined', { user_id: socket.id, users: rooms[room].size });
}

function forward(socket, event, data) {
  const key = FORWARDED[event];
  for (const id of others(socket, data.room)) {
    if (names && data.target && data.target !== id)
      continue;
    tell(id, event, { [key]: data[key], ...names && { sender: socket.id } });
  }
}

io.on('connection', (socket) => {
  socket.onAny((event, data) => {
    log({ from: socket.id, event, data });
    if (event === 'join_room')
      join(socket, data);
    else if (event === 'leave_room')
      leave(socket);
    else if (event in FORWARDED)
      forward(socket, event, data);
  });
  socket.on('disconnect', (reason) => {
    log({ gone: socket.id, reason });
    leave(socket);
  });
});

server.listen(0, 'localhost', () => log({ event: 'listening', port: server.address().port }));
