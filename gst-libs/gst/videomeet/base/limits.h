/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The server's limits for the network, from security.md#limits and
 * protocol/http.md unless stated otherwise. Sizes in bytes, times in µs. */

#define VM_HTTP_REQUEST_MAX \
  (64 * 1024) /* body, except Engine.IO; beyond: 413 */
#define VM_HTTP_HEADER_MAX (16 * 1024) /* beyond: 431 */
/* A longer body is not read to its end before the refusal. */
#define VM_HTTP_DISCARD_MAX (1024 * 1024)
/* From first byte to last; a WebSocket message too. */
#define VM_HTTP_REQUEST_TIME (20 * G_USEC_PER_SEC)
/* Between two requests; a prober asks every 3 s
 * (protocol/discovery.md#probe). */
#define VM_HTTP_IDLE_SECONDS 30
/* For a client to read its answer. */
#define VM_HTTP_ANSWER_TIME (60 * G_USEC_PER_SEC)
#define VM_FILE_SERVED_MAX (2 * 1024 * 1024) /* one file of the page */

/* over all fragments; beyond: close 1009 */
#define VM_MESSAGE_MAX (256 * 1024)
/* For an incoming file: one message, over all fragments, and the bytes that may
 * wait to be sent, in any number of messages. VM_MESSAGE_RATE does not count a
 * message of at least VM_TRANSFER_SOCKET_FREE bytes: reading waits for the disk
 * instead. */
#define VM_TRANSFER_SOCKET_MESSAGE_MAX (1024 * 1024 + 1024)
#define VM_TRANSFER_SOCKET_QUEUE (8 * 1024 * 1024)
#define VM_TRANSFER_SOCKET_FREE 1024
#define VM_FIRST_MESSAGE_TIME (10 * G_USEC_PER_SEC)
#define VM_PING_TIME (20 * G_USEC_PER_SEC)
#define VM_DEAD_TIME (45 * G_USEC_PER_SEC)
/* A client that cannot resume, and that others wait for: pinged when it has
 * said nothing for so long, and gone without an answer in so long, if it has
 * answered one before (protocol/signalling.md#dead). */
#define VM_AWAITED_PING_TIME (3 * G_USEC_PER_SEC)
#define VM_AWAITED_PONG_TIME (6 * G_USEC_PER_SEC)
/* Of a server with many clients they come later, so that there are no more of
 * these pings a second, and by VM_PING_TIME at the latest. */
#define VM_AWAITED_PINGS_MAX 256
/* One client's send queue. Close 1013 when it is beyond the bytes, or beyond
 * the messages for so long. */
#define VM_QUEUE_BYTES (1024 * 1024)
#define VM_QUEUE_MESSAGES 256
#define VM_QUEUE_TIME G_USEC_PER_SEC
/* Messages from one client while the other servers are asked for its seat;
 * beyond, the client is closed, or gets an error. */
#define VM_EARLY_MAX 64
/* Signals not yet taken by the host's thread; beyond, the newest is dropped. */
#define VM_SEAT_QUEUE 4096
/* Messages from one client; beyond, reading stops. */
#define VM_MESSAGE_RATE 200 /* a second */
#define VM_MESSAGE_BURST 1000
#define VM_FLOOD_TIME (10 * G_USEC_PER_SEC) /* then close */
#define VM_CLOSE_TIME (5 * G_USEC_PER_SEC) /* for a close frame to get out */

/* QUIC between two agents of the mesh that passes the server
 * (protocol/agents.md#relay): one datagram in each message; bytes a second and
 * at once, and bytes in all, of a session, both ways together, and of an
 * address, whose bytes count for VM_RELAY_ADDRESS_TIME; ends at one time. */
#define VM_RELAY_DATAGRAM_MAX 1500
/* A smaller one counts as so many bytes: it is as much work, and takes as much
 * memory. */
#define VM_RELAY_DATAGRAM_MIN 256
#define VM_RELAY_SESSION_RATE (8 * 1024 * 1024)
#define VM_RELAY_SESSION_BYTES (G_GUINT64_CONSTANT (16) * 1024 * 1024 * 1024)
#define VM_RELAY_SESSIONS_MAX 256
#define VM_RELAY_ADDRESS_RATE (16 * 1024 * 1024)
#define VM_RELAY_ADDRESS_BYTES (G_GUINT64_CONSTANT (64) * 1024 * 1024 * 1024)
#define VM_RELAY_ADDRESS_TIME (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)
#define VM_RELAY_ENDS_PER_ADDRESS 16
#define VM_RELAY_ADDRESSES_MAX 1024
/* Waiting for one end, in bytes and in datagrams; a datagram beyond it is
 * dropped, as by any router. */
#define VM_RELAY_QUEUE (256 * 1024)
#define VM_RELAY_QUEUE_DATAGRAMS (VM_RELAY_QUEUE / VM_RELAY_DATAGRAM_MIN)
/* For a ticket to be used; and for the other side to come. */
#define VM_RELAY_TICKET_TIME (60 * G_USEC_PER_SEC)
/* Tickets of a session are not renewed sooner. */
#define VM_RELAY_RENEW_TIME (5 * G_USEC_PER_SEC)
#define VM_RELAY_WAIT_TIME (30 * G_USEC_PER_SEC)

/* Seats that one connection may take, in a dialect in which a client can leave
 * and join again: each join makes everybody set up a call. VM_JOIN_BURST at
 * once, then one every VM_JOIN_TIME; beyond, RATE_LIMITED. */
#define VM_JOIN_BURST 5
#define VM_JOIN_TIME (2 * G_USEC_PER_SEC)

/* Reactions of one participant: VM_REACTION_BURST at once, then so many a
 * second; beyond, RATE_LIMITED (protocol/meeting.md#reactions). */
#define VM_REACTION_BURST 5
#define VM_REACTION_RATE 2

/* For calls between users, see calls.h. Beyond VM_CALL_USERS_MAX users:
 * RATE_LIMITED; an unanswered call is missed after VM_CALL_RING_TIME. One
 * connection may begin VM_CALL_BURST calls at once, each of which makes a
 * device ring, then one every so often; beyond, RATE_LIMITED. */
#define VM_CALL_USERS_MAX 8192
#define VM_CALL_RING_TIME (45 * G_USEC_PER_SEC)
/* After an answer: until then the server does not ask whether the two talk. */
#define VM_CALL_SURE_TIME (10 * G_USEC_PER_SEC)
#define VM_CALL_BURST 5
/* Users that one of them is told of at most, and how often: who asks sooner is
 * not answered. */
#define VM_CALL_LIST_MAX 100
#define VM_CALL_LIST_TIME G_USEC_PER_SEC
/* Ended calls of which the other user may not know, because its connection or
 * its server is gone: the most in all, the most of one user (beyond, the oldest
 * is dropped), kept for as long as a device tries to reconnect. */
#define VM_CALL_ENDS_MAX 4096
#define VM_CALL_ENDS_OF_USER 8
#define VM_CALL_END_TIME (300 * G_USEC_PER_SEC)
#define VM_CALL_TIME (2 * G_USEC_PER_SEC)

/* Engine.IO sessions without a WebSocket, of all addresses; one address may
 * have as many as connections. The poll of each holds one of
 * VM_CONNECTIONS_MAX. Beyond: an address that has fewer than others takes one
 * of theirs, else 429. */
#define VM_ENGINE_POLLING_MAX 256
/* `pingInterval` and `pingTimeout`; without an answer the session ends. */
#define VM_ENGINE_PING_TIME (25 * G_USEC_PER_SEC)
#define VM_ENGINE_PONG_TIME (20 * G_USEC_PER_SEC)

/* Control frames, empty fragments and frame headers are free up to
 * VM_NOISE_SLACK, plus VM_NOISE_FREE for each message; beyond, VM_NOISE_BYTES
 * of them cost as much as a message. */
#define VM_NOISE_SLACK (64 * 1024)
#define VM_NOISE_FREE 64
/* TLS adds one byte to so many of a message: 22 to a record of 16 KiB, and not
 * all records are full. */
#define VM_NOISE_RECORDS 128
#define VM_NOISE_BYTES 256
#define VM_NOISE_TIME (2 * G_USEC_PER_SEC) /* interval of the check */

#define VM_CONNECTIONS_PER_ADDRESS 64 /* unless told otherwise; beyond: 429 */
/* Beyond this the server spends no TLS handshake on a 429. */
#define VM_CONNECTIONS_REFUSED_MAX 32
/* WebSockets not counted; beyond, the oldest that has not asked for anything
 * makes room, else the oldest. Twice the devices that probe
 * (protocol/discovery.md#probe). */
#define VM_CONNECTIONS_MAX 512
/* WebSockets without a seat, which may be silent for as long as they answer
 * pings. Together with VM_CONNECTIONS_MAX they leave a quarter of a shell's
 * usual 1,024 descriptors to the seats, the call and its files. Beyond, the
 * server closes with 1013 the oldest one of the address that has most. A server
 * with open rooms, whose operator sets the number of descriptors, allows one
 * part in VM_UNJOINED_SHARE of them, up to its number of tickets. */
#define VM_UNJOINED_MAX 256
#define VM_UNJOINED_SHARE 4
#define VM_OPEN_UNJOINED_MAX 4096
/* The backlog of the sockets, and the connections accepted in one turn. */
#define VM_ACCEPTED_AT_ONCE 128

/* Without a socket a participant is shown as detached, then its seat is given
 * back; protocol/signalling.md#resume. */
#define VM_DETACHED_TIME (10 * G_USEC_PER_SEC)
#define VM_RESUME_TIME (30 * G_USEC_PER_SEC)

/* A ticket to the SFU (protocol/cloud.md); one of a member. */
#define VM_SFU_TICKET_TIME (60 * G_USEC_PER_SEC)
/* A room goes by the SFU with more participants than a mesh may have, and is a
 * mesh again when for VM_SFU_FEW_TIME it has had fewer than that number less
 * VM_SFU_HYSTERESIS, but at least VM_SFU_LEAST. */
#define VM_MESH_MAX 6 /* unless told otherwise */
#define VM_SFU_HYSTERESIS 2
#define VM_SFU_LEAST 3
#define VM_SFU_FEW_TIME (60 * G_USEC_PER_SEC) /* unless told otherwise */
#define VM_SFU_FEW_SECONDS_MAX 3600
/* Pauses between attempts to reach the SFU double, up to the longest, and begin
 * anew after a connection that has lasted. */
#define VM_SFU_PAUSE_MIN (500 * 1000)
#define VM_SFU_PAUSE_MAX (30 * G_USEC_PER_SEC)
#define VM_SFU_STEADY_TIME (15 * G_USEC_PER_SEC)
#define VM_SFU_ANSWER_TIME (10 * G_USEC_PER_SEC) /* to open; to a request */
#define VM_SFU_KEEPALIVE_TIME (25 * G_USEC_PER_SEC) /* Janus waits for 60 s */
/* For the SFU, of one participant: beyond, close 1013. */
#define VM_SFU_QUEUE_BYTES (512 * 1024)
/* A message of the SFU, over all fragments; beyond, the connection is lost. */
#define VM_SFU_MESSAGE_MAX (1024 * 1024)
/* Until participants have left the SFU after that. */
#define VM_SFU_RETURN_TIME (60 * G_USEC_PER_SEC)
/* Without the SFU, until its rooms are meshes, whatever their size. */
#define VM_SFU_LOST_TIME (10 * G_USEC_PER_SEC)

#define VM_TICKET_TIME (30 * G_USEC_PER_SEC)
#define VM_TICKETS_MAX 256 /* unused, of one server */
#define VM_TICKETS_PER_ADDRESS 16 /* beyond, its oldest becomes invalid */
/* For a server with open rooms: all rooms, hosted ones included, and all
 * tickets. One address may begin as many rooms, and hold as many tickets, as it
 * may have connections. */
#define VM_OPEN_ROOMS_MAX 10000
#define VM_ROOM_SIZE 10 /* seats of each, unless told otherwise */
#define VM_OPEN_TICKETS_MAX 4096
/* beyond so many known devices guests are not remembered, so that a client with
 * ever new keys cannot push out devices that this one has met */
#define VM_GUESTS_KNOWN_MAX 512
/* devices whose revocation a meeting announces: the last that had a seat */
#define VM_ROOM_MET_MAX 128
/* Participants removed from a meeting, who are kept out; the oldest are
 * forgotten. Strangers from their addresses are kept out for
 * VM_ROOM_BARRED_TIME. */
#define VM_ROOM_BARRED_MAX 128
#define VM_ROOM_BARRED_TIME (600 * G_USEC_PER_SEC)
/* Participants of the cloud in a meeting; each is a connection of the bridge to
 * every participant. */
#define VM_ROOM_VIA_MAX 12
#define VM_NAME_MAX 128 /* user, device, meeting */
#define VM_PIN_MIN 6 /* characters; security.md#pin */
#define VM_PIN_MAX 64
/* Wrong PIN: the address waits, doubling; security.md#limits. */
#define VM_PIN_DELAY_MIN (100 * 1000)
#define VM_PIN_DELAY_MAX (25 * G_USEC_PER_SEC)
#define VM_PIN_ADDRESSES 1024 /* remembered */
#define VM_PIN_WRONG_MAX 20 /* in VM_PIN_WRONG_TIME, by anybody: suspended */
#define VM_PIN_WRONG_TIME (60 * G_USEC_PER_SEC)

/* Addresses with a remembered rate, see rates.h. */
#define VM_RATES_ADDRESSES 1024
/* Capability signatures that are checked for one address: a burst, then one in
 * each VM_CAPABILITY_CHECK_TIME; beyond, RATE_LIMITED. A capability that a
 * connection shows again is not checked again. */
#define VM_CAPABILITY_CHECK_BURST 256
#define VM_CAPABILITY_CHECK_TIME (G_USEC_PER_SEC / 64)

/* Interval of the check for expired trust; a change of the store takes effect
 * at once. */
#define VM_TRUST_CHECK_TIME (5 * G_USEC_PER_SEC)

/* Reports to the user of joins refused for want of trust. */
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
  gint64 awaited_ping;
  gint64 awaited_pong;
  gint64 flood;
  gint64 queue; /* for which a full queue is a burst */
  gint64 request;
  gint64 answer;
  gint64 ring; /* of a call */
  gint64 engine_ping; /* of a session of Engine.IO */
  gint64 engine_pong;
} VmServerTimes;
