// SPDX-License-Identifier: LGPL-2.1-or-later
// The page's files, and socket.io-client's. usage: node server.js [PORT [HOST]]
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const [port = '3000', host = 'localhost'] = process.argv.slice(2);
const client = path.join(path.dirname(require.resolve('socket.io-client/package.json')),
  'dist/socket.io.min.js');
const FILES = {
  '/': [path.join(__dirname, 'index.html'), 'text/html; charset=utf-8'],
  '/app.js': [path.join(__dirname, 'app.js'), 'text/javascript; charset=utf-8'],
  '/style.css': [path.join(__dirname, 'style.css'), 'text/css; charset=utf-8'],
  '/socket.io.js': [client, 'text/javascript; charset=utf-8'],
};

const server = http.createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  const file = FILES[pathname];
  if (!file || request.method !== 'GET') {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': file[1], 'cache-control': 'no-store' });
  fs.createReadStream(file[0]).pipe(response);
});

server.listen(Number(port), host, () => {
  console.log(`http://${host}:${server.address().port}/`);
});
