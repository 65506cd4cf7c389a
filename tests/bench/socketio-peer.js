// SPDX-License-Identifier: LGPL-2.1-or-later
// A signalling server of the Socket.IO dialect on socket.io, the other side of the
// benches relay-socketio and relay-memory-socketio. usage: node socketio-peer.js PORT
'use strict';

const http = require('node:http');
const { Server } = require('socket.io');

const MESSAGE_MAX = 256 * 1024; // bytes
const FORWARDED = { offer: 'offer', answer: 'answer', ice_candidate: 'candidate' };

const rooms = new Map(); // room => Set of socket ids, none of them empty
const server = http.createServer((request, response) => response.writeHead(404).end());
const io = new Server(server, { maxHttpBufferSize: MESSAGE_MAX, serveClient: false });

function leave(socket) {
  const { room } = socket.data;
  if (!room)
    return;
  const users = rooms.get(room);
  socket.data.room = null;
  socket.leave(room);
  users.delete(socket.id);
  if (users.size === 0)
    rooms.delete(room);
  socket.to(room).emit('user_left', { user_id: socket.id, users: users.size });
}

function join(socket, room) {
  if (typeof room !== 'string' || !room)
    return;
  leave(socket);
  if (!rooms.has(room))
    rooms.set(room, new Set());
  const users = rooms.get(room).add(socket.id);
  socket.data.room = room;
  socket.join(room);
  socket.emit('room_joined', { room, users: users.size });
  socket.to(room).emit('user_joined', { user_id: socket.id, users: users.size });
}

io.on('connection', (socket) => {
  socket.on('join_room', (data) => join(socket, data?.room));
  socket.on('leave_room', () => leave(socket));
  socket.on('disconnecting', () => leave(socket));
  for (const [event, key] of Object.entries(FORWARDED)) {
    socket.on(event, (data) => {
      const { room } = socket.data;
      if (room && data?.target && rooms.get(room).has(data.target))
        io.to(data.target).emit(event, { [key]: data[key], sender: socket.id });
    });
  }
});

const [port] = process.argv.slice(2);
server.listen(Number(port), 'localhost', () => {
  console.log(`http://localhost:${server.address().port}/`);
});
