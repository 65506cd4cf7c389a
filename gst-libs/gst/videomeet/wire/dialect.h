/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/signal.h"

/* One way to spell the server's model of signalling (protocol/README.md#words).
 * A dialect only translates; the room model decides who may send what to whom.
 * Sans-I/O. */
typedef struct
{
  const gchar *name;

  /* What one connection needs to remember, or NULL. */
  gpointer (*state_new) (void);
  void (*state_free) (gpointer state);

  /* One message as received. NULL with @error when it cannot be read; NULL
   * without @error when it holds nothing for the model. */
  VmSignal *(*parse) (gpointer state, GBytes *message, GError **error);

  /* The further signals in that message, one after the other, until NULL; and
   * the dialect's own replies. Either is NULL when the dialect never has any.
   */
  VmSignal *(*more) (gpointer state);
  GBytes *(*reply) (gpointer state);

  /* One message to send, or NULL when the dialect has no such message. */
  GBytes *(*format) (gpointer state, const VmSignal *signal);

  /* The number of the last message sent, and the highest received; NULL when
   * the dialect has no numbers. */
  gint64 (*get_sent) (gpointer state);
  gint64 (*get_received) (gpointer state);
  /* Continues with both numbers in a new state. */
  void (*set_numbers) (gpointer state, gint64 sent, gint64 received);
} VmDialect;

/* `/ws`, subprotocol videomeet.v2 (protocol/signalling.md). Without a state it
 * reads and writes no numbers: on the data channel `signal`. A client, and a
 * server that learns of another server's participants, read longer messages
 * than a client may write, because the server adds members
 * (VM_JSON_RELAYED_MAX). */
extern const VmDialect vm_dialect_native;
extern const VmDialect vm_dialect_native_client;

/* `/`, rooms (protocol/rooms.md): for a server, and for a client in another
 * server's room. */
extern const VmDialect vm_dialect_room;
extern const VmDialect vm_dialect_room_client;

/* `/`, calls, as a client speaks them (protocol/calls.md); callclient.h. */
extern const VmDialect vm_dialect_call_client;

/* For a vm_dialect_room: names the client @id from now on, in every room.
 * Returns the first message to it. */
GBytes *vm_dialect_room_greet (gpointer state, const gchar *id);

/* The events of the Socket.IO dialect (protocol/socketio.md), each as the array
 * that a Socket.IO packet carries; vm_dialect_room_greet() accepts its states
 * too. */
extern const VmDialect vm_dialect_socketio;
/* As a client sends and gets them, with all their packaging: each message is a
 * frame of the WebSocket. */
extern const VmDialect vm_dialect_socketio_client;

/* `/v2/ws`, the mesh dialect for a client (protocol/mesh.md); meshclient.h. */
extern const VmDialect vm_dialect_mesh_client;
