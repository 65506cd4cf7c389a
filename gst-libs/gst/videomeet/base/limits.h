/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What the server bears from the network, from security.md#limits and
 * protocol/http.md where nothing else is said. Sizes in bytes, times in µs. */

#define VM_HTTP_REQUEST_MAX \
  (64 * 1024) /* body, but of Engine.IO; beyond: 413 */
#define VM_HTTP_HEADER_MAX (16 * 1024) /* beyond: 431 */
/* A longer body is not read to its end before the refusal. */
#define VM_HTTP_DISCARD_MAX (1024 * 1024)
/* From first byte to last; a WebSocket message too. */
#define VM_HTTP_REQUEST_TIME (20 * G_USEC_PER_SEC)
/* Between two requests; a prober asks every 3 s
 * (protocol/discovery.md#probe). */
#define VM_HTTP_IDLE_SECONDS 30
/* For an answer to be taken by its client. */
#define VM_HTTP_ANSWER_TIME (60 * G_USEC_PER_SEC)
#define VM_FILE_SERVED_MAX (2 * 1024 * 1024) /* one file of the page */

/* over all fragments; beyond: close 1009 */
#define VM_MESSAGE_MAX (256 * 1024)
/* Of a file that comes: a message, over all fragments, and what may wait to be
 * sent, in however many messages. A message of so many bytes is paid for by the
 * disk, which reading waits for, and not by VM_MESSAGE_RATE. */
#define VM_TRANSFER_SOCKET_MESSAGE_MAX (1024 * 1024 + 1024)
#define VM_TRANSFER_SOCKET_QUEUE (8 * 1024 * 1024)
#define VM_TRANSFER_SOCKET_FREE 1024
#define VM_FIRST_MESSAGE_TIME (10 * G_USEC_PER_SEC)
#define VM_PING_TIME (20 * G_USEC_PER_SEC)
#define VM_DEAD_TIME (45 * G_USEC_PER_SEC)
/* One client's send queue. Close 1013 when it is beyond the bytes, or beyond
 * the messages for so long. */
#define VM_QUEUE_BYTES (1024 * 1024)
#define VM_QUEUE_MESSAGES 256
#define VM_QUEUE_TIME G_USEC_PER_SEC
/* Messages from one client while the other servers are asked for its seat;
 * beyond, it is closed, or told that it is too much. */
#define VM_EARLY_MAX 64
/* Signals not yet taken by the host's thread; beyond, the newest is dropped. */
#define VM_SEAT_QUEUE 4096
/* Messages from one client; beyond, reading stops. */
#define VM_MESSAGE_RATE 200 /* a second */
#define VM_MESSAGE_BURST 1000
#define VM_FLOOD_TIME (10 * G_USEC_PER_SEC) /* then close */
#define VM_CLOSE_TIME (5 * G_USEC_PER_SEC) /* for a close frame to get out */

/* Seats that one connection takes, of a dialect in which they are left and
 * taken again: each makes everybody set up a call. So many, then one in so
 * long; beyond, RATE_LIMITED. */
#define VM_JOIN_BURST 5
#define VM_JOIN_TIME (2 * G_USEC_PER_SEC)

/* Of calls between users, see calls.h. Beyond so many users RATE_LIMITED; a
 * call that nobody answers is missed. Calls that one connection begins: each
 * makes somebody's device ring. So many, then one in so long; beyond,
 * RATE_LIMITED. */
#define VM_CALL_USERS_MAX 8192
#define VM_CALL_RING_TIME (45 * G_USEC_PER_SEC)
/* Since it was answered: that its two talk is not asked. */
#define VM_CALL_SURE_TIME (10 * G_USEC_PER_SEC)
#define VM_CALL_BURST 5
/* Ends of calls that the other may not know of, because its connection or its
 * server is gone: so many, so many of one user (beyond, the oldest goes), and
 * as long as a device tries to come back. */
#define VM_CALL_ENDS_MAX 4096
#define VM_CALL_ENDS_OF_USER 8
#define VM_CALL_END_TIME (300 * G_USEC_PER_SEC)
#define VM_CALL_TIME (2 * G_USEC_PER_SEC)

/* Sessions of Engine.IO that have no WebSocket: an address may have as many of
 * them as connections, and all together so many, each of which holds a
 * connection of VM_CONNECTIONS_MAX with its poll. Beyond: an address that has
 * fewer than others takes one of theirs, else 429. */
#define VM_ENGINE_POLLING_MAX 256
/* `pingInterval` and `pingTimeout`; without an answer the session ends. */
#define VM_ENGINE_PING_TIME (25 * G_USEC_PER_SEC)
#define VM_ENGINE_PONG_TIME (20 * G_USEC_PER_SEC)

/* A control frame, an empty fragment, what a frame has around it: free up to
 * the slack and so much for each message; beyond, so many bytes cost as much as
 * a message. */
#define VM_NOISE_SLACK (64 * 1024)
#define VM_NOISE_FREE 64
/* One byte in so many of a message is what TLS puts around it: a record of 16
 * KiB has 22, and not all are full. */
#define VM_NOISE_RECORDS 128
#define VM_NOISE_BYTES 256
#define VM_NOISE_TIME (2 * G_USEC_PER_SEC) /* how often it is looked at */

#define VM_CONNECTIONS_PER_ADDRESS 64 /* unless told otherwise; beyond: 429 */
/* Beyond this not even a 429 is worth a TLS handshake. */
#define VM_CONNECTIONS_REFUSED_MAX 32
/* WebSockets not counted; beyond, the oldest that has not asked for anything
 * makes room, else the oldest. Twice the devices that probe
 * (protocol/discovery.md#probe). */
#define VM_CONNECTIONS_MAX 512
/* WebSockets without a seat, which may be silent for as long as they answer
 * pings: of the 1,024 descriptors that a shell gives a program they and
 * VM_CONNECTIONS_MAX leave a quarter to the seats, the call and its files.
 * Beyond, the oldest of the address that has most of them is closed by 1013. Of
 * a server with open rooms, whose operator says how many descriptors there are:
 * such a share of those, up to as many as it has tickets. */
#define VM_SEATLESS_MAX 256
#define VM_SEATLESS_SHARE 4
#define VM_OPEN_SEATLESS_MAX 4096
/* The sockets' backlog, and what is accepted before others have a turn. */
#define VM_ACCEPTED_AT_ONCE 128

/* Without a socket a participant is shown as detached, then its seat is given
 * back; protocol/signalling.md#resume. */
#define VM_DETACHED_TIME (10 * G_USEC_PER_SEC)
#define VM_RESUME_TIME (30 * G_USEC_PER_SEC)

#define VM_TICKET_TIME (30 * G_USEC_PER_SEC)
#define VM_TICKETS_MAX 256 /* not yet used, of one server */
#define VM_TICKETS_PER_ADDRESS \
  16 /* beyond, the oldest of it is good no longer */
/* Of a server with open rooms: all those, hosted ones included, and the
 * tickets. Each address has begun as many rooms, and has as many tickets, as it
 * may have connections. */
#define VM_OPEN_ROOMS_MAX 10000
#define VM_ROOM_SIZE 10 /* seats of each, unless told otherwise */
#define VM_OPEN_TICKETS_MAX 4096
/* beyond so many known devices guests are not remembered: who comes with ever
 * new keys does not push out those that this device has met itself */
#define VM_GUESTS_KNOWN_MAX 512
/* devices whose revocation a meeting tells of: the last that had a seat */
#define VM_ROOM_MET_MAX 128
/* Who was removed from a meeting and is kept out; the oldest are forgotten. And
 * for how long strangers from their addresses are. */
#define VM_ROOM_BARRED_MAX 128
#define VM_ROOM_BARRED_TIME (600 * G_USEC_PER_SEC)
#define VM_NAME_MAX 128 /* user, device, meeting */
#define VM_PIN_MIN 6 /* characters; security.md#pin */
#define VM_PIN_MAX 64
/* Wrong PIN: the address waits, doubling; security.md#limits. */
#define VM_PIN_DELAY_MIN (100 * 1000)
#define VM_PIN_DELAY_MAX (25 * G_USEC_PER_SEC)
#define VM_PIN_ADDRESSES 1024 /* remembered */
#define VM_PIN_WRONG_MAX 20 /* in VM_PIN_WRONG_TIME, by anybody: suspended */
#define VM_PIN_WRONG_TIME (60 * G_USEC_PER_SEC)

/* Addresses whose rate is remembered, see rates.h. */
#define VM_RATES_ADDRESSES 1024
/* Signatures of capabilities that are looked at for one address: so many, then
 * one in so long; beyond, RATE_LIMITED. One that a connection shows again is
 * not. */
#define VM_CAPABILITY_CHECK_BURST 256
#define VM_CAPABILITY_CHECK_TIME (G_USEC_PER_SEC / 64)

/* How often trust that runs out is looked for; a change of the store is acted
 * on at once. */
#define VM_TRUST_CHECK_TIME (5 * G_USEC_PER_SEC)

/* Joins that were refused for want of trust, as the user is told of them. */
#define VM_REFUSALS_PER_ADDRESS 3
#define VM_REFUSALS_MAX 10 /* of all addresses */
#define VM_REFUSALS_TIME (60 * G_USEC_PER_SEC)

/* The times that tests shorten. */
typedef struct
{
  gint64 start; /* of the thread, at most */
  gint64 first_message;
  gint64 ping;
  gint64 dead;
  gint64 flood;
  gint64 queue; /* for which a full queue is a burst */
  gint64 request;
  gint64 answer;
  gint64 ring; /* of a call */
  gint64 engine_ping; /* of a session of Engine.IO */
  gint64 engine_pong;
} VmServerTimes;
