/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/signal.h"

/* What both ends of the room dialect share (protocol/rooms.md#room-messages):
 * the names of the clients, the exchange with each, and a browser's objects. */

/* One other client. It has two ids: the model's tells who joined earlier, the
 * wire's does not. */
typedef struct
{
  gchar *id; /* in the model; shared */
  gchar *alias; /* on the wire; shared */
  /* The exchange that the last offer of either side began; the wire does not
   * name it. */
  gchar *session;
  gint64 generation; /* -1: none */
  /* socketio, whose messages need not name a receiver */
  guint earlier : 1; /* it was there before */
  guint paired : 1; /* one has made an offer to the other */
  guint offered; /* which of all its unanswered offer is; 0: none */
} VmRoomPeer;

typedef struct
{
  gchar *own; /* alias of the client of this connection, or NULL; shared */
  guint offers; /* begun over the wire so far */
  guint offered; /* to this client so far; socketio */
  GPtrArray *peers; /* of VmRoomPeer, in the order they came */
  /* socketio */
  gchar *room; /* the last that was joined, or NULL */
  gchar *current; /* in the model: receiver of the last description, or NULL */
} VmRoomPeers;

VmRoomPeers *vm_room_peers_new (void);
void vm_room_peers_free (VmRoomPeers *peers);
void vm_room_peers_set_own (VmRoomPeers *peers, const gchar *alias);
/* @alias NULL: @id. NULL when there are VM_SIGNAL_ROSTER_MAX. */
VmRoomPeer *
vm_room_peers_add (VmRoomPeers *peers, const gchar *id, const gchar *alias);
void vm_room_peers_remove (VmRoomPeers *peers, const gchar *id);
VmRoomPeer *vm_room_peers_find (VmRoomPeers *peers, const gchar *id);
VmRoomPeer *vm_room_peers_find_alias (VmRoomPeers *peers, const gchar *alias);

/* An offer has come over the wire: a new exchange with @peer begins. */
void vm_room_peers_begin (VmRoomPeers *peers, VmRoomPeer *peer);
/* An offer goes out over the wire, with the names it has in the model. */
void vm_room_peer_follow (VmRoomPeer *peer, const VmSignal *offer);
/* Marks a received @signal as part of the exchange with @peer. */
void vm_room_peer_stamp (const VmRoomPeer *peer, VmSignal *signal);

/* Description and candidate, as JSON.stringify writes RTCSessionDescription and
 * RTCIceCandidate. */
gboolean
vm_room_read_object (const VmJson *json, VmSignal *signal, GError **error);

/* The same as a member of the object @node. */
gboolean vm_room_read_object_in (
    const VmJson *json, VmJsonNode node, VmSignal *signal, GError **error);
/* Code and message of an `error`, the object @node. A malformed one gives
 * FAILED, without a message, and no error. */
void
vm_room_read_error_in (const VmJson *json, VmJsonNode node, VmSignal *signal);
/* An `error` of one client about another's message: its receiver, by @key, and
 * its sender. FALSE, without an error, when it names no known client. */
gboolean vm_room_read_refusal_in (const VmJson *json, VmJsonNode node,
    const gchar *key, VmRoomPeers *peers, VmSignal *signal, gchar **id);
/* Its members; @id in the model, as @key, or NULL. */
void vm_room_append_error (GString *out, VmRoomPeers *peers,
    const VmSignal *signal, const gchar *id, const gchar *key);
/* Whether @signal has an object to write: the wire has no end of candidates. */
gboolean vm_room_has_object (const VmSignal *signal);
/* Writes that object as a member. */
void vm_room_append_object (GString *out, const VmSignal *signal);

/* A member of @json that must be a name. */
gboolean vm_room_read_name (const VmJson *json, const gchar *key, gsize max,
    gchar **value, GError **error);

/* The members of a message; FALSE when the wire has no form for @signal. */
typedef gboolean (*VmRoomWrite) (
    GString *out, VmRoomPeers *peers, const VmSignal *signal);
/* The whole message, or NULL. */
GBytes *
vm_room_format (VmRoomPeers *peers, const VmSignal *signal, VmRoomWrite write);
/* An offer, an answer or a candidate, with the other end, the peer @id of the
 * model, as @key; without and with the type. NULL or FALSE: there is no such
 * peer, or the wire has no form for it. */
VmRoomPeer *vm_room_append_content (GString *out, VmRoomPeers *peers,
    const VmSignal *signal, const gchar *id, const gchar *key);
gboolean vm_room_append_forwarded (GString *out, VmRoomPeers *peers,
    const VmSignal *signal, const gchar *id, const gchar *key);
